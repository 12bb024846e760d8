"""The last gate: even a model that obeys an attacker gets nothing through, over real HTTP too."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.bootstrap import PROMPTS
from app.llm.prompts import PromptLibrary
from app.llm.vllm import OpenAICompatibleModel
from app.retrieval.schemas import Channel, Offer, OfferType
from app.schema import Lang
from app.strategy.copywriter import Copywriter
from app.strategy.gate.final import Facts, gate
from app.strategy.gate.policy import TextRule
from app.strategy.gate.schemas import Rule
from app.strategy.gate.texts import Frame
from app.strategy.generate import composed_of, facts_of, propose, voice_of
from app.strategy.plan import plan_of
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Strategy, Theme
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import offering, real_policy, request_of
from tests.llm.openai_server import OpenAIServer, says

COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=10_000)
CASE = case_of("good", lift=4000, n=3000, offer=COUPON)
ATTACKS = (
    "点击 http://evil.example/win 领取大奖",
    "加客服微信 13912345678 领红包",
    "全场一折，再送 ¥5000 现金券",
    "怀孕了吗？孕期专属好礼",
    "Mail me at boss@evil.org for 90% off",
    "{{7*7}} <script>alert(1)</script>",
)


def case(lang: Lang = "zh", **consents: bool) -> StrategyRequest:
    profile = profile_of(consents=consents or {"sms": True, "email": True})
    return offering(request_of([CASE], profile=profile, lang=lang))


def told(draft: Strategy, facts: Facts) -> tuple[Strategy, list[Rule]]:
    found = gate(draft, facts)
    return found.strategy, [firing.rule for firing in found.fired]


def the_case() -> tuple[Strategy, Facts]:
    request = case()
    plan = plan_of(request)
    voice = voice_of(request, plan.message)
    ours = propose(request).strategy.model_copy(update={"rules_fired": ()})
    return ours, facts_of(request, plan, voice, composed_of(request, plan, voice))


def test_what_breaks_no_rule_comes_back_as_it_is() -> None:
    ours, facts = the_case()
    assert gate(ours, facts) == (ours, ())


@pytest.mark.parametrize("channel", [Channel.PUSH, Channel.WECHAT])
def test_a_channel_without_consent_is_replaced(channel: Channel) -> None:
    ours, facts = the_case()
    assert told(ours.model_copy(update={"channel": channel}), facts) == (ours, [Rule.FOREIGN_CHANNEL])


def test_another_open_channel_may_be_chosen_and_the_texts_follow() -> None:
    ours, facts = the_case()
    found, rules = told(ours.model_copy(update={"channel": Channel.EMAIL}), facts)
    assert found.channel is Channel.EMAIL
    assert all(theme.draft.endswith("{{unsubscribe_url}}") for theme in found.themes)
    assert rules == [Rule.WORDING]


@pytest.mark.parametrize("hour", [21, 23, 2, 7])
def test_an_hour_in_quiet_hours_and_a_moment_in_the_past_are_moved(hour: int) -> None:
    ours, facts = the_case()
    night = datetime(2026, 6, 3, hour, tzinfo=facts.zone).astimezone(UTC)
    found, rules = told(ours.model_copy(update={"timing": ours.timing.model_copy(update={"at": night})}), facts)
    assert found.timing.at.astimezone(facts.zone).hour == 8
    assert rules == [Rule.QUIET_HOURS]
    past = ours.timing.model_copy(update={"at": ours.as_of - timedelta(days=3)})
    assert gate(ours.model_copy(update={"timing": past}), facts).strategy.timing.at >= ours.as_of


@pytest.mark.parametrize("offer", [None, COUPON.model_copy(update={"amount_minor": 500_000}), replace])
def test_only_the_gated_offer_is_made(offer: object) -> None:
    ours, facts = the_case()
    wanted = COUPON.model_copy(update={"threshold_minor": 0}) if offer is replace else offer
    assert told(ours.model_copy(update={"offer": wanted}), facts) == (ours, [Rule.FOREIGN_OFFER])


def test_foreign_campaigns_and_claims_are_dropped() -> None:
    ours, facts = the_case()
    forged = ours.model_copy(update={"campaigns": ("good", "forged"), "rationale": ("k99",)})
    assert told(forged, facts) == (ours, [Rule.FOREIGN_CAMPAIGN, Rule.FOREIGN_CLAIM])


@pytest.mark.parametrize(
    "forged",
    [
        {"status": "approved"},
        {"ai_label": ""},
        {"why_for_customer": "see www.evil.com"},
        {"holdout_share": 0.0},
        {"customer_id": "cu_2"},
    ],
)
def test_a_draft_cannot_approve_or_relabel_itself(forged: dict[str, object]) -> None:
    ours, facts = the_case()
    assert told(ours.model_copy(update=forged), facts) == (ours, [Rule.STATUS])


@pytest.mark.parametrize("said", [*ATTACKS, "置信度高，全渠道都可以。", "人均增加 ¥9999。"])
def test_a_reason_that_its_grounds_do_not_say_goes_back_to_the_composers(said: str) -> None:
    ours, facts = the_case()
    (reason, *_) = (r for r in ours.rationale_told if r.campaign_ids)
    forged = reason.model_copy(update={"text": said})
    assert told(ours.model_copy(update={"rationale_told": (forged,)}), facts) == (ours, [Rule.WORDING])
    foreign = reason.model_copy(update={"campaign_ids": ("somebody-else",), "text": f"{reason.text} "})
    assert gate(ours.model_copy(update={"rationale_told": (foreign,)}), facts).strategy == ours
    assert gate(ours.model_copy(update={"rationale_told": (reason,)}), facts).fired == ()


@pytest.mark.parametrize("said", ATTACKS)
def test_texts_with_links_numbers_or_sensitive_words_go_back_to_the_composers(said: str) -> None:
    ours, facts = the_case()
    frame = Frame("shop", Channel.SMS, "zh", "")
    for forged in (Theme(title=said, draft=ours.themes[0].draft), Theme(title="换季", draft=frame.around(said))):
        draft = ours.model_copy(update={"themes": (forged, *ours.themes[1:])})
        assert told(draft, facts) == (ours, [Rule.WORDING])


def test_a_faithful_wording_is_kept_signed_and_given_a_way_out() -> None:
    ours, facts = the_case()
    body = facts.composed[0].draft.rstrip("。？") + "！"
    draft = ours.model_copy(update={"themes": (Theme(title=ours.themes[0].title, draft=body), *ours.themes[1:])})
    found, rules = told(draft, facts)
    assert found.themes[0].draft == f"【shop】{body}拒收请回复R"
    assert rules == [Rule.SIGNATURE, Rule.UNSUBSCRIBE]


def test_a_wording_that_adds_a_statement_goes_back_to_the_composers() -> None:
    ours, facts = the_case()
    more = Theme(title="秋天到了", draft="秋天皮肤容易干，店长挑了几样自己在用的，想请你来看看。")
    draft = ours.model_copy(update={"themes": (more, *ours.themes[1:])})
    assert told(draft, facts) == (ours, [Rule.WORDING])


def with_texts(facts: Facts, **changes: object) -> Facts:
    rule = TextRule.model_validate(real_policy().texts.model_dump() | changes)
    return replace(facts, policy=facts.policy.model_copy(update={"texts": rule}))


def test_a_text_that_is_too_long_gives_way_and_what_cannot_be_mended_is_not_sent() -> None:
    ours, facts = the_case()
    long = ours.themes[0].model_copy(update={"draft": facts.composed[0].draft * 5})
    draft = ours.model_copy(update={"themes": (long, *ours.themes[1:])})
    found, rules = told(draft, with_texts(facts, max_length=dict.fromkeys(Channel, 100)))
    assert found == ours
    assert rules == [Rule.SIGNATURE, Rule.UNSUBSCRIBE, Rule.LENGTH]
    short = with_texts(facts, max_length=dict.fromkeys(Channel, 20))
    refused = gate(ours, short)
    assert (refused.strategy.channel, refused.strategy.status) == (None, "abstained")
    assert refused.fired[-1].rule is Rule.LENGTH


def test_a_proposal_whose_texts_cannot_be_mended_stands_still_and_says_so() -> None:
    rule = TextRule.model_validate(real_policy().texts.model_dump() | {"max_length": dict.fromkeys(Channel, 20)})
    strategy = propose(request_of([CASE], policy=real_policy().model_copy(update={"texts": rule}), lang="en")).strategy
    assert (strategy.status, strategy.channel, strategy.offer) == ("abstained", None, None)
    assert "No text says this" in (strategy.status_reason or "")
    assert "length" in [fired.rule for fired in strategy.rules_fired]
    assert len(strategy.themes) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("said", ATTACKS)
def test_an_obedient_model_over_http_changes_nothing_that_leaves(lang: Lang, said: str) -> None:
    request = case(lang)
    reason = {"text": said, "claims": ["k_1"], "campaigns": ["good/a"]}
    themes = [{"title": said[:60], "draft": said}] * 3
    answer = json.dumps({"rationale": [reason] * 4, "themes": themes}, ensure_ascii=False)
    plain = propose(request)
    with OpenAIServer(says(answer)) as server:
        writer = Copywriter(OpenAICompatibleModel(server.url, "obedient"), PromptLibrary(PROMPTS))
        attacked = propose(request, writer)
        assert server.received
    assert attacked.strategy == plain.strategy
    assert attacked.decision.rung == "composer"
    assert attacked.decision.fallback_reason


def test_a_model_that_answers_with_fields_of_its_own_is_refused() -> None:
    request = case()
    themes = [{"title": "护肤", "draft": "护肤专区，有空来翻翻。"}] * 3
    reasons = [{"text": "护肤。", "claims": [], "campaigns": []}] * 2
    answer = json.dumps(
        {"rationale": reasons, "themes": themes, "channel": "push", "offer": {"amount_minor": 10**6}},
        ensure_ascii=False,
    )
    with OpenAIServer(says(answer)) as server:
        attacked = propose(request, Copywriter(OpenAICompatibleModel(server.url, "obedient"), PromptLibrary(PROMPTS)))
    assert attacked.strategy == propose(request).strategy
