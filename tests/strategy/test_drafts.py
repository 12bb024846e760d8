"""Subjects in words: tested themes in the reader's language, and what is kept ready while nothing is sent."""

import pytest

from app.narrative.schemas import Claim, Predicate
from app.retrieval.schemas import Channel, Themes
from app.schema import Lang
from app.strategy.generate import propose
from app.strategy.wording import wording
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import claim_of, request_of


@pytest.mark.parametrize(("lang", "title"), [("zh", "换季护肤"), ("en", "A calmer skin")])
def test_a_translated_theme_is_quoted_in_either_language(lang: Lang, title: str) -> None:
    case = case_of("c", lift=2500, n=3000, themes=("换季护肤",))
    (arm,) = case.campaign.arms
    both = arm.model_copy(update={"translated_themes": Themes(zh=("换季护肤",), en=("A calmer skin",))})
    campaign = case.campaign.model_copy(update={"arms": (both,)})
    strategy = propose(request_of([case.model_copy(update={"campaign": campaign})], lang=lang)).strategy
    assert title in [theme.title for theme in strategy.themes]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_translation_that_promises_too_much_takes_its_theme_with_it(lang: Lang) -> None:
    case = case_of("c", lift=2500, n=3000, themes=("换季护肤",))
    (arm,) = case.campaign.arms
    sly = arm.model_copy(update={"translated_themes": Themes(en=("Free creams at www.evil.com",))})
    campaign = case.campaign.model_copy(update={"arms": (sly,)})
    strategy = propose(request_of([case.model_copy(update={"campaign": campaign})], lang=lang)).strategy
    copy = "".join(theme.title + theme.draft for theme in strategy.themes)
    assert "evil" not in copy
    assert "换季" not in copy
    assert "promise" in [fired.rule for fired in strategy.rules_fired]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "claim", [claim_of("k1", Predicate.REVIEWED, value=1), claim_of("k1", Predicate.ORDER_COUNT, value=3)]
)
def test_an_abstention_has_every_field_and_its_drafts_are_signed_by_nobody(lang: Lang, claim: Claim) -> None:
    request = request_of([case_of("bad", lift=-300)], lang=lang, claims=(claim,))
    strategy = propose(request).strategy
    assert strategy.status == "abstained"
    assert strategy.status_reason
    assert len(strategy.themes) == 3
    assert all(theme.title and theme.draft for theme in strategy.themes)
    assert not any("【" in theme.draft or "unsubscribe" in theme.draft for theme in strategy.themes)
    assert strategy.timing.at > strategy.as_of
    assert strategy.timing.reason
    assert strategy.metric.sample_size > 0
    assert (strategy.offer, strategy.holdout_share) == (None, 0.0)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_after_a_complaint_the_drafts_are_service_s_and_sell_nothing(lang: Lang) -> None:
    complaint = claim_of("k1", Predicate.REVIEWED, value=1)
    strategy = propose(request_of([case_of("good", lift=2500, n=3000)], lang=lang, claims=(complaint,))).strategy
    assert {theme.title for theme in strategy.themes} == set(wording(lang).ideas["care"].titles)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("channel", Channel)
def test_every_proposal_carries_what_its_channel_needs(lang: Lang, channel: Channel) -> None:
    profile = profile_of(consents={channel.value: True})
    strategy = propose(
        request_of([case_of("c", lift=2500, n=3000, channel=channel)], profile=profile, lang=lang)
    ).strategy
    words = wording(lang)
    assert strategy.channel is channel
    assert len(strategy.themes) == 3
    for theme in strategy.themes:
        assert theme.draft.startswith(words.signatures.get(channel, "").format(shop="shop"))
        assert theme.draft.endswith(words.unsubscribe.get(channel, "").format(link="{{unsubscribe_url}}").strip())
