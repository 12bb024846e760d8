"""A model words the message, and may say nothing that the composer does not."""

import json
from collections.abc import Mapping, Sequence

import pytest

from app.bootstrap import PROMPTS
from app.errors import ModelUnavailable
from app.llm.chat_model import About
from app.llm.examples import load_examples
from app.llm.ladder import Origin
from app.llm.prompts import PromptLibrary
from app.llm.scripted import Line, ScriptedModel
from app.schema import Lang
from app.strategy.copywriter import Copywriter, StrategyDraft, Worded, Words, question
from app.strategy.gate.texts import says_no_more
from app.strategy.generate import propose
from app.strategy.grounds import Grounds, campaign_of
from app.strategy.schemas import Reason, Theme
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import request_of

LIBRARY = PromptLibrary(PROMPTS)
ZH = (
    Theme(title="护肤，慢慢挑", draft="护肤专区，有空来翻翻，不急着决定。"),
    Theme(title="还在考虑吗？", draft="购物车里那件还在等你决定，点开可以接着看。"),
    Theme(title="有疑问找客服", draft="挑不定的时候，客服可以帮你一起看。"),
)


CASE = "「春茶补货提醒」（短信，2024年4月，随机对照）有效：收到的顾客比对照组人均增加 ¥3.20，1,204 人对照 1,198 人。"
GROUNDS = Grounds(
    segment={"tea/sms": CASE, "all/sms": CASE.replace("有效", "没有奏效").replace("增加 ¥3.20", "减少 ¥2.60")},
    claims={"k_1": "最近一单在 29 天前。", "k_2": "与茶饮互动 9 次。"},
    forbidden=["怀孕"],
)
OURS = (Reason(text="最近一单在 29 天前。", claim_ids=("k_1",)),)
GOOD_REASONS = (
    {"text": "最近一单在 29 天前。", "claims": ["k_1"], "campaigns": []},
    {"text": "短信「春茶补货提醒」有效：人均增加 ¥3.20。", "claims": [], "campaigns": ["tea/sms"]},
)


def draft(
    *themes: tuple[str, str], reasons: Sequence[Mapping[str, object]] = ({"text": "", "claims": [], "campaigns": []},)
) -> str:
    said = [{"title": t, "draft": d} for t, d in themes]
    return json.dumps({"rationale": reasons, "themes": said}, ensure_ascii=False)


def worded(*script: Line, themes: Sequence[Theme] = ZH, lang: Lang = "zh") -> Worded:
    composed = Words(tuple(themes), OURS)
    return Copywriter(ScriptedModel(script), LIBRARY).word(composed, GROUNDS, lang, About("shop", "u1"))


GOOD = draft(
    ("慢慢挑护肤", "有空来护肤专区翻翻，不急着决定。"),
    ("还在考虑吗", "购物车里那件还在等你，点开接着看。"),
    ("有疑问找客服", "挑不定，客服可以帮你一起看。"),
)


def test_wordings_that_say_nothing_more_are_sent_and_marked() -> None:
    found = worded(GOOD)
    assert (found.origin.rung, found.origin.model, found.origin.fallback_reason) == ("large", "scripted", None)
    assert found.origin.prompt_fingerprint
    assert [theme.title for theme in found.words.themes] == ["慢慢挑护肤", "还在考虑吗", "有疑问找客服"]


@pytest.mark.parametrize(
    "said",
    [
        "护肤专区全场5折，有空来翻翻。",
        "护肤专区，满199减50，不急着决定。",
        "护肤专区有空来翻翻，详见 www.evil.com。",
        "护肤专区，怀孕也能用，有空来翻翻。",
        "加微信13912345678，护肤专区有空来翻翻。",
        "恭喜您中奖了，请立即领取现金红包！",
        "Skincare for you, take your time.",
        "",
    ],
)
def test_a_wording_that_says_more_is_replaced_by_the_composers(said: str) -> None:
    found = worded(draft(("护肤，慢慢挑", said), ("大奖等你", said), ("免费送你", said)))
    reason = "none of the model's wordings kept to the themes, nor its reasons to their grounds"
    assert found == Worded(Words(ZH, OURS), Origin(rung="composer", fallback_reason=reason))


def test_reasons_that_keep_to_their_grounds_are_told_with_what_they_stand_on() -> None:
    found = worded(draft(("大奖", "中奖"), ("大奖", "中奖"), ("大奖", "中奖"), reasons=GOOD_REASONS))
    assert found.origin.rung == "large"
    assert found.words.themes == ZH
    assert [(r.claim_ids, r.campaign_ids) for r in found.words.reasons] == [(("k_1",), ()), ((), ("tea",))]


def test_too_few_reasons_that_hold_are_asked_for_once_more_with_the_faults_named() -> None:
    bad = {"text": "「春茶补货提醒」有效：人均增加 ¥32。", "claims": [], "campaigns": ["tea/sms"]}
    themes = [("大奖", "中奖")] * 3
    model = ScriptedModel([draft(*themes, reasons=[bad]), draft(*themes, reasons=GOOD_REASONS)])
    found = Copywriter(model, LIBRARY).word(Words(ZH, OURS), GROUNDS, "zh", About("shop", "u1"))
    assert len(found.words.reasons) == 2
    assert "rationale 1: number 32" in model.requests[1].messages[-1].content


@pytest.mark.parametrize(
    ("text", "claims", "campaigns"),
    [
        ("短信「春茶补货提醒」有效：人均增加 ¥32。", [], ["tea/sms"]),
        ("短信「春茶补货提醒」有效：人均减少 ¥3.20。", [], ["tea/sms"]),
        ("短信「春茶补货提醒」有效：人均增加 ¥3.20。", [], ["all/sms"]),
        ("短信「春茶补货提醒」有效：人均增加 ¥3.20。", [], ["foreign/sms"]),
        ("短信「春茶补货提醒」有效：人均增加 ¥3.20。", [], []),
        ("微信「春茶补货提醒」有效：人均增加 ¥3.20。", [], ["tea/sms"]),
        ("短信「春茶补货提醒」带优惠券，有效。", [], ["tea/sms"]),
        ("「春茶补货提醒」有效，把握很高。", [], ["tea/sms"]),
        ("「春茶补货提醒」有效，全场一折。", [], ["tea/sms"]),
        ("「春茶补货提醒」有效，详见 www.evil.com。", [], ["tea/sms"]),
        ("最近一单在 29 天前，怀孕了。", ["k_1"], []),
        ("最近一单在 29 天前，请联系 13912345678。", ["k_1"], []),
        ("最近一单在 29 天前。", ["k_9"], []),
    ],
)
def test_a_reason_that_says_more_or_something_else_leaves_the_composers(
    text: str, claims: list[str], campaigns: list[str]
) -> None:
    reason = {"text": text, "claims": claims, "campaigns": campaigns}
    found = worded(draft(*[("大奖", "中奖")] * 3, reasons=[reason, reason]))
    assert found.words.reasons == OURS
    assert found.origin.rung == "composer"


def test_each_theme_falls_back_by_itself() -> None:
    found = worded(draft(("慢慢挑护肤", "全场5折！"), ("清仓", "全场5折！"), ("免费", "全场5折！")))
    assert found.origin.rung == "large"
    assert [theme.title for theme in found.words.themes] == ["慢慢挑护肤", ZH[1].title, ZH[2].title]
    assert [theme.draft for theme in found.words.themes] == [theme.draft for theme in ZH]


@pytest.mark.parametrize(
    "script",
    [
        [ModelUnavailable("away")],
        ["nonsense", "nonsense"],
        [draft(("一", "二"))] * 2,
        [draft(*[("护肤", "护肤专区" * 100)] * 3)] * 2,
    ],
)
def test_a_model_that_is_away_or_talks_nonsense_leaves_the_composers_words(script: list[Line]) -> None:
    found = worded(*script)
    assert found.words.themes == ZH
    assert found.origin.rung == "composer"
    assert found.origin.fallback_reason


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_proposal_differs_in_words_only_and_its_decision_says_who_wrote_them(lang: Lang) -> None:
    request = request_of([case_of(lift=4000, n=3000)], profile=profile_of(consents={"sms": True}), lang=lang)
    plain = propose(request)
    obedient = ScriptedModel(lambda messages: _echo(messages[-1].content))
    by_model = propose(request, Copywriter(obedient, LIBRARY))
    assert (plain.decision.rung, by_model.decision.rung) == ("composer", "large")
    assert by_model.decision.model == "scripted"
    assert by_model.decision.prompt_fingerprint
    assert by_model.strategy.ai_label != plain.strategy.ai_label
    same = {"themes", "ai_label"}
    assert plain.strategy.rationale_told
    assert by_model.strategy.model_dump(exclude=same) == plain.strategy.model_dump(exclude=same)
    assert [theme.title for theme in by_model.strategy.themes] == [theme.title for theme in plain.strategy.themes]
    assert any(
        theme.draft != ours.draft for theme, ours in zip(by_model.strategy.themes, plain.strategy.themes, strict=True)
    )


def _echo(user: str) -> str:
    """Each theme as it was given, ending in an exclamation mark: the mildest rewording there is."""
    rows = [line.split(". ", 1)[1].split(" | ", 1) for line in user.splitlines() if line[:1].isdigit()]
    return draft(*((title, text.rstrip("。.？?") + "！") for title, text in rows))


def test_the_examples_of_the_prompt_keep_to_what_they_are_shown() -> None:
    for example in load_examples(PROMPTS / "examples" / "strategy_draft.yaml", StrategyDraft, VARIABLES):
        draft = StrategyDraft.model_validate_json(example.said)
        cases, rest = (shown_lines(example.values[name]) for name in ("cases", "claims"))
        claims = {name: said for name, said in rest.items() if "/" not in name}
        grounds = Grounds(segment=cases, own={n: s for n, s in rest.items() if n not in claims}, claims=claims)
        assert set(example.values["stands_on"].split(", ")) <= set(grounds.cases)
        assert [grounds.fault(r.text, r.claims, r.campaigns) for r in draft.rationale] == [None] * len(draft.rationale)
        for line, theme in zip(example.values["themes"].splitlines(), draft.themes, strict=True):
            known = line.split(". ", 1)[1].replace(" | ", " ")
            assert says_no_more(theme.title, known, ())
            assert says_no_more(theme.draft, known, ())


VARIABLES = ("cases", "stands_on", "claims", "themes", "language")


def shown_lines(block: str) -> dict[str, str]:
    """Id -> sentence, of lines that begin with an id in square brackets."""
    found = (line[1:].split("] ", 1) for line in block.splitlines() if line.startswith("["))
    return dict(found)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_customers_of_one_segment_are_shown_the_same_cases_before_anything_of_their_own(lang: Lang) -> None:
    segment = {"b/sms": "乙。", "a/sms": "甲。"}
    one, two = (
        question(LIBRARY, ZH, Grounds(segment=segment, own=own, claims=claims), lang).messages
        for own, claims in (({"c/push": "丙。"}, {"k_1": "一。"}), ({}, {"k_2": "二。"}))
    )
    shared = one[1].content.split("<stands_on>")[0]
    assert one[0] == two[0]
    assert two[1].content.startswith(shared)
    assert "一。" not in shared
    assert campaign_of("c/push") == "c"
