from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.intake import Accepted
from app.profile.fold import State, fold, profile_at
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.profile.sums.rfm import Standing, limits_of
from app.profile.wants.curves import curves
from app.profile.wants.interests import Decayed
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, SHANGHAI, START, a_history, an_accepted, an_order

KINDS = st.sampled_from(["view", "cart_add", "order", "search", "refund"])
DAYS = st.lists(st.tuples(st.floats(0, 300), KINDS, st.sampled_from(list(ITEMS))), min_size=1, max_size=25)


def a_context(taxonomy: Taxonomy) -> Context:
    return Context(taxonomy, SHANGHAI, ITEMS, {})


def profile_of(state: State, taxonomy: Taxonomy, day: float) -> Profile:
    return profile_at(
        state,
        workspace_id="shop",
        customer_id="c_1",
        identity_version=1,
        as_of=START + timedelta(days=day),
        context=a_context(taxonomy),
        limits=limits_of([Standing(30, 1, 1000)]),
    )


@given(st.floats(0, 50), st.floats(0, 500), st.floats(0, 500), st.floats(1, 100))
def test_decay_composes(weight: float, first: float, second: float, half_life: float) -> None:
    start = Decayed(weight, START)
    middle = START + timedelta(days=first)
    end = middle + timedelta(days=second)
    in_two = Decayed(start.at_time(middle, half_life), middle).at_time(end, half_life)
    assert in_two == pytest.approx(start.at_time(end, half_life), rel=1e-9, abs=1e-12)


def test_a_weight_halves_in_its_half_life() -> None:
    assert Decayed(4.0, START).at_time(START + timedelta(days=45), 45) == pytest.approx(2.0)


@given(rows=DAYS, cut=st.integers(0, 25))
def test_folding_in_two_steps_equals_folding_at_once(
    taxonomy: Taxonomy, rows: list[tuple[float, str, str]], cut: int
) -> None:
    events = a_history(*(a_step(n, *row) for n, row in enumerate(rows))).events
    context = a_context(taxonomy)
    assert fold(fold(None, events[:cut], context), events[cut:], context) == fold(None, events, context)


def a_step(n: int, day: float, kind: str, item: str) -> Accepted:
    return an_accepted(kind, day, item_id=item, amount_minor=100, order_id=f"o{n}", message_id=f"m{n}")


def test_folding_does_not_change_the_state_it_starts_from(taxonomy: Taxonomy) -> None:
    events = a_history(an_order(0, 10, "a"), an_order(1, 20, "b")).events
    context = a_context(taxonomy)
    first = fold(None, events[:1], context)
    kept = fold(None, events[:1], context)
    fold(first, events[1:], context)
    assert first == kept


def test_an_event_out_of_order_is_refused_not_misfolded(taxonomy: Taxonomy) -> None:
    early, late = a_history(an_order(0, 10, "a"), an_order(1, 20, "b")).events
    with pytest.raises(ValueError, match="from the start"):
        fold(fold(None, [late], a_context(taxonomy)), [early], a_context(taxonomy))


def test_rfm_follows_the_definitions_of_lifetimes(taxonomy: Taxonomy) -> None:
    history = a_history(
        an_order(0, 100, "a"),
        an_order(0.1, 50, "b"),
        an_order(10, 30, "c"),
        an_order(30, 60, "d"),
        an_order(30, 10, "d", "cream"),
    )
    rfm = profile_of(fold(None, history.events, a_context(taxonomy)), taxonomy, 40).rfm
    assert rfm is not None
    assert (rfm.frequency, rfm.recency, rfm.T, rfm.monetary_value) == (2, 30, 40, 5000)
    assert (rfm.orders, rfm.total) == (4, 25000)


def test_interests_rank_by_impact_and_fade(taxonomy: Taxonomy) -> None:
    history = a_history(
        an_order(0, 10, "a"), an_accepted("view", 1, item_id="cream"), an_accepted("view", 1, item_id="mystery")
    )
    state = fold(None, history.events, a_context(taxonomy))
    fresh = profile_of(state, taxonomy, 2)
    assert [i.topic for i in fresh.interests] == ["baby_care", "skincare"]
    assert sum(i.share for i in fresh.interests) == pytest.approx(1)
    assert fresh.unclassified_share == pytest.approx(1 / 3)
    assert profile_of(state, taxonomy, 400).interests == ()


def test_consent_keeps_the_latest_word(taxonomy: Taxonomy) -> None:
    words = [(0, True), (5, False)]
    history = a_history(
        *(
            an_accepted("consent", day, properties={"channel": "sms", "purpose": "marketing", "granted": g})
            for day, g in words
        )
    )
    (consent,) = profile_of(fold(None, history.events, a_context(taxonomy)), taxonomy, 6).consents
    assert (consent.channel, consent.granted) == ("sms", False)


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_of_two_words_at_one_moment_the_refusal_counts_whatever_their_spelling(
    taxonomy: Taxonomy, order: tuple[bool, bool]
) -> None:
    words = [
        an_accepted("consent", 1, properties={"channel": channel, "granted": granted}, message_id=f"m{n}")
        for n, (granted, channel) in enumerate(zip(order, ("SMS ", "sms"), strict=True))
    ]
    (consent,) = profile_of(fold(None, a_history(*words).events, a_context(taxonomy)), taxonomy, 2).consents
    assert (consent.channel, consent.granted) == ("sms", False)


def test_sensitive_traits_are_not_kept_and_contact_data_is_redacted(taxonomy: Taxonomy) -> None:
    traits = {"city": "杭州", "pregnant": "yes", "religion": "muslim", "note": "call 13912345678"}
    event = an_accepted("identify", 1, properties={"traits": traits})
    kept = profile_of(fold(None, a_history(event).events, a_context(taxonomy)), taxonomy, 2).attributes
    assert {t.name for t in kept} == {"city", "note"}
    assert all("13912345678" not in t.value for t in kept)


def test_what_is_done_to_a_customer_is_not_the_customer_being_seen(taxonomy: Taxonomy) -> None:
    history = a_history(an_order(0, 10, "a"), an_accepted("campaign_sent", 5))
    profile = profile_of(fold(None, history.events, a_context(taxonomy)), taxonomy, 9)
    assert profile.last_seen_at == history.events[0].occurred_at


def test_curves_end_at_the_profile_s_weights(taxonomy: Taxonomy) -> None:
    history = a_history(an_order(0, 10, "a"), an_accepted("view", 20, item_id="cream"))
    as_of = START + timedelta(days=30)
    drawn = curves(history.events, a_context(taxonomy), as_of=as_of, step=timedelta(days=7), top=5)
    profile = profile_of(fold(None, history.events, a_context(taxonomy)), taxonomy, 30)
    for interest in profile.interests:
        assert drawn[interest.topic][-1] == (as_of, pytest.approx(interest.weight))
