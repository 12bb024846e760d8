"""A model words the message, and may say nothing that the composer does not."""

import json
from collections.abc import Sequence

import pytest

from app.bootstrap import PROMPTS
from app.errors import ModelUnavailable
from app.llm.prompts import PromptLibrary
from app.llm.scripted import Line, ScriptedModel
from app.schema import Lang
from app.strategy.copywriter import Copywriter, Worded
from app.strategy.generate import propose
from app.strategy.schemas import Theme
from tests.factories_strategy import request_of

LIBRARY = PromptLibrary(PROMPTS)
ZH = (
    Theme(title="护肤，慢慢挑", draft="护肤专区，有空来翻翻，不急着决定。"),
    Theme(title="还在考虑吗？", draft="购物车里那件还在等你决定，点开可以接着看。"),
    Theme(title="有疑问找客服", draft="挑不定的时候，客服可以帮你一起看。"),
)


def draft(*themes: tuple[str, str]) -> str:
    return json.dumps({"themes": [{"title": t, "draft": d} for t, d in themes]}, ensure_ascii=False)


def worded(*script: Line, themes: Sequence[Theme] = ZH, lang: Lang = "zh") -> Worded:
    return Copywriter(ScriptedModel(script), LIBRARY).word(themes, lang, ["怀孕"])


GOOD = draft(
    ("慢慢挑护肤", "有空来护肤专区翻翻，不急着决定。"),
    ("还在考虑吗", "购物车里那件还在等你，点开接着看。"),
    ("有疑问找客服", "挑不定，客服可以帮你一起看。"),
)


def test_wordings_that_say_nothing_more_are_sent_and_marked() -> None:
    found = worded(GOOD)
    assert (found.rung, found.model, found.fallback_reason) == ("large", "scripted", None)
    assert found.prompt_fingerprint
    assert [theme.title for theme in found.themes] == ["慢慢挑护肤", "还在考虑吗", "有疑问找客服"]


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
    assert found == Worded(ZH, fallback_reason="none of the model's wordings kept to the themes")


def test_each_theme_falls_back_by_itself() -> None:
    found = worded(draft(("慢慢挑护肤", "全场5折！"), ("清仓", "全场5折！"), ("免费", "全场5折！")))
    assert found.rung == "large"
    assert [theme.title for theme in found.themes] == ["慢慢挑护肤", ZH[1].title, ZH[2].title]
    assert [theme.draft for theme in found.themes] == [theme.draft for theme in ZH]


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
    assert found.themes == ZH
    assert found.rung == "composer"
    assert found.fallback_reason


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_proposal_differs_in_words_only_and_its_decision_says_who_wrote_them(lang: Lang) -> None:
    request = request_of(lang=lang)
    plain = propose(request)
    obedient = ScriptedModel(lambda messages: _echo(messages[-1].content))
    by_model = propose(request, Copywriter(obedient, LIBRARY))
    assert (plain.decision.rung, by_model.decision.rung) == ("composer", "large")
    assert by_model.decision.model == "scripted"
    assert by_model.decision.prompt_fingerprint
    assert by_model.strategy.ai_label != plain.strategy.ai_label
    same = {"themes", "ai_label"}
    assert by_model.strategy.model_dump(exclude=same) == plain.strategy.model_dump(exclude=same)
    assert [theme.title for theme in by_model.strategy.themes] == [theme.title for theme in plain.strategy.themes]
    assert any(
        theme.draft != ours.draft for theme, ours in zip(by_model.strategy.themes, plain.strategy.themes, strict=True)
    )


def _echo(user: str) -> str:
    """Each theme as it was given, ending in an exclamation mark: the mildest rewording there is."""
    rows = [line.split(". ", 1)[1].split(" | ", 1) for line in user.splitlines() if line[:1].isdigit()]
    return draft(*((title, text.rstrip("。.？?") + "！") for title, text in rows))
