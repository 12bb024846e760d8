from datetime import UTC, datetime, timedelta

from app.bootstrap import App
from app.narrative.claims import choose
from app.narrative.ground import ground
from app.narrative.schemas import MAX_EVIDENCE, Predicate
from app.narrative.standing import OF_PROFILE, profile_claims
from app.profile.schemas import Attribute, Authority, Interest, InterestShift, PriceBehaviour, ShiftKind, ShiftReason
from app.text.taxonomy import Taxonomy
from tests.factories import START, a_book, an_accepted, an_order
from tests.factories_claims import chosen, told
from tests.factories_profiles import profile_of

MONTHLY = [an_order(30 * n, 100 + n, f"o{n}") for n in range(6)]


def test_whatever_the_state_claims_of_a_demo_customer_is_what_their_events_say(demo: App) -> None:
    shop, reader = demo.pipeline.access.workspace("demo"), demo.pipeline.reader
    latest = demo.pipeline.clock(shop, now=datetime(2026, 11, 1, tzinfo=UTC))
    told_of: set[Predicate] = set()
    for number, customer in enumerate(demo.pipeline.identity.customers("demo")):
        as_of = latest - timedelta(days=number % 5 * 40)
        book = reader.book(shop, customer, as_of=as_of)
        state = reader.state(shop, customer, book)
        profile = reader.view(shop, customer, state, as_of=as_of)
        claims = choose(state, profile, book.context, currency=shop.currency)
        assert ground(claims, book).dropped == ()
        told_of |= {claim.predicate for claim in claims}
    assert len(told_of) >= 25


def test_evidence_is_listed_while_it_is_short_and_else_a_query_with_its_count(taxonomy: Taxonomy) -> None:
    few = next(c for c in told(a_book(taxonomy, *MONTHLY)) if c.predicate is Predicate.ORDER_COUNT)
    assert (len(few.evidence), few.query_ref) == (6, None)
    orders = [an_order(n, 10, f"o{n}") for n in range(MAX_EVIDENCE + 1)]
    many = next(c for c in told(a_book(taxonomy, *orders)) if c.predicate is Predicate.ORDER_COUNT)
    assert many.query_ref is not None
    assert (many.evidence, many.query_ref.count) == ((), MAX_EVIDENCE + 1)


def test_a_claim_keeps_its_id_when_its_evidence_is_looked_up(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *MONTHLY)
    before, after = chosen(book), told(book)
    assert [claim.claim_id for claim in before] == [claim.claim_id for claim in after]
    assert any(claim.query_ref for claim in before)


def test_claims_of_a_profile_that_the_events_do_not_give_are_dropped(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *MONTHLY, an_accepted("view", 190, item_id="cream"))
    event_id = book.history.events[-1].event_id
    shift = InterestShift(
        from_topic="baby_care", to_topic="travel", kind=ShiftKind.SHIFT, since=START, noticed_at=START,
        evidence=(event_id,), reason=ShiftReason(visits=5, visits_to=4, before=9, before_to=0), confidence=0.9,
    )  # fmt: skip
    profile = profile_of(topics=()).model_copy(
        update={
            "customer_id": book.customer_id,
            "as_of": book.as_of,
            "interests": (
                Interest(topic="travel", weight=3, share=1, own_share=1, last_event_at=START, evidence=(event_id,)),
            ),
            "shifts": (shift,),
            "prices": PriceBehaviour(
                orders=6, discounted_orders=3, discount_share=0.5, basket_low=1, basket_median=2, basket_high=3
            ),
            "attributes": (
                Attribute(
                    name="city", value="Shanghai", authority=Authority.VERIFIED, source="crm", at=START,
                    evidence=(event_id,),
                ),
            ),
        }
    )  # fmt: skip
    claims = profile_claims(profile, currency="CNY")
    assert {claim.predicate for claim in claims} <= OF_PROFILE
    moved = next(claim for claim in claims if claim.predicate is Predicate.INTEREST_SHIFT)
    assert (moved.topic, moved.to_topic, moved.name, moved.value, moved.out_of) == (
        "baby_care", "travel", "shift", 4, 5,
    )  # fmt: skip
    assert ground([c for c in claims if c.predicate is not Predicate.BASKET], book).claims == ()


def test_that_an_interest_faded_is_not_claimed_once_it_is_there_again() -> None:
    interest = Interest(topic="travel", weight=3, share=1, own_share=1, last_event_at=START, evidence=("e1",))
    faded = InterestShift(
        from_topic="travel", to_topic=None, kind=ShiftKind.FADING, since=START, noticed_at=START,
        evidence=("e1",), reason=ShiftReason(visits=5, visits_to=0, before=9, before_to=4), confidence=1.0,
    )  # fmt: skip
    gone = profile_of(topics=()).model_copy(update={"interests": (), "shifts": (faded,)})
    there = gone.model_copy(update={"interests": (interest,)})
    found = [[claim.predicate for claim in profile_claims(of, currency="CNY")] for of in (gone, there)]
    assert found == [[Predicate.INTEREST_SHIFT], [Predicate.INTEREST]]
