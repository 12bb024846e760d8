"""How far to go: a message must surely earn more than a card, an offer more than the same without."""

import pytest

from app.retrieval.schemas import CampaignMatch, Channel, KindLifts, Offer, OfferType
from app.strategy.schemas import Candidate
from app.strategy.steps import as_far_as_pays
from app.strategy.weigh import Weighed
from tests.factories_campaigns import case_of
from tests.factories_strategy import request_of

COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=9900)
(PLAIN,) = request_of([case_of("x", lift=900, n=3000)]).retrieval.matches


def way(channel: Channel, expected: float, *, step: int, half: float = 50.0, offer: Offer | None = None) -> Weighed:
    """An action with its expected margin; a unit of lift is worth one here."""
    arm = PLAIN.arm.model_copy(update={"channel": channel, "offer": offer})
    match: CampaignMatch = PLAIN.model_copy(update={"arm": arm})
    name = f"{channel}{'+coupon' if offer else ''}"
    candidate = Candidate(action=name, expected=expected, low=expected - half, high=expected + half)
    return Weighed(candidate, match, times=1.0, cost=0.0, step=step)


def kinds(*told: tuple[Channel, str, float], error: float, shared: float = 0.0) -> KindLifts:
    """Kinds with their means; each mean's error is its own, and one that all of them share."""
    n = len(told)
    return KindLifts(
        kinds=tuple((channel, offer) for channel, offer, _ in told),
        means=tuple(mean for *_, mean in told),
        covariance=tuple(tuple(shared**2 + (error**2 if i == j else 0.0) for j in range(n)) for i in range(n)),
    )


CARD = way(Channel.ONSITE, 500, step=0)
MAIL = way(Channel.EMAIL, 700, step=1)
GIFT = way(Channel.EMAIL, 900, step=2, offer=COUPON)
TOLD = ((Channel.ONSITE, "", 500.0), (Channel.EMAIL, "", 700.0), (Channel.EMAIL, "coupon", 900.0))


@pytest.mark.parametrize(("error", "taken"), [(10.0, GIFT), (180.0, CARD), (1000.0, CARD)])
def test_it_goes_further_only_where_that_surely_earns_more(error: float, taken: Weighed) -> None:
    assert as_far_as_pays([GIFT, MAIL, CARD], kinds(*TOLD, error=error)) == taken


def test_an_error_that_all_kinds_share_does_not_count_between_them() -> None:
    assert as_far_as_pays([GIFT, MAIL, CARD], kinds(*TOLD, error=10.0, shared=5000.0)) == GIFT


def test_a_better_card_is_not_left_for_a_message_that_is_about_as_good() -> None:
    told = ((Channel.ONSITE, "", 500.0), (Channel.EMAIL, "", 520.0))
    assert as_far_as_pays([MAIL, CARD], kinds(*told, error=30.0)) == CARD


def test_among_many_kinds_one_that_looks_better_by_chance_is_held_to_more() -> None:
    """Two standard errors are enough for one kind alone, and not for one of four."""
    others = [way(channel, 100, step=1) for channel in (Channel.SMS, Channel.PUSH, Channel.WECHAT)]
    told = (*TOLD[:2], *((one.match.arm.channel, "", 100.0) for one in others))
    compared = kinds(*told, error=100 / 2**0.5)
    assert as_far_as_pays([CARD, MAIL], compared) == MAIL
    assert as_far_as_pays([CARD, MAIL, *others], compared) == CARD


def test_without_a_lesser_step_the_least_that_is_there_is_taken() -> None:
    assert as_far_as_pays([GIFT], None) == GIFT
    assert as_far_as_pays([GIFT, MAIL], kinds(*TOLD, error=500.0)) == MAIL


def test_kinds_that_nobody_compared_are_held_against_their_own_intervals() -> None:
    wide, narrow = way(Channel.EMAIL, 700, step=1, half=400), way(Channel.EMAIL, 700, step=1, half=20)
    assert as_far_as_pays([CARD, wide], None) == CARD
    assert as_far_as_pays([CARD, narrow], None) == narrow


def test_of_one_step_the_highest_expectation_is_taken() -> None:
    lower = way(Channel.SMS, 600, step=1)
    assert as_far_as_pays([lower, MAIL], None) == MAIL


def test_lifts_are_weighed_with_what_they_are_worth_and_cost() -> None:
    dear = MAIL._replace(cost=250.0)
    assert as_far_as_pays([CARD, dear], kinds(*TOLD, error=5.0)) == CARD
    rarely = CARD._replace(times=0.2, candidate=Candidate(action="onsite", expected=100, low=80, high=120))
    assert as_far_as_pays([rarely, MAIL], kinds(*TOLD, error=70.0)) == MAIL
