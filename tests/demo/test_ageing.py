import pytest

from app.demo.ageing import Sending, Wear, kept
from app.demo.calendar import Calendar
from app.demo.parameters import Ageing, parameters
from app.retrieval.schemas import Channel, OfferType

PUSH, WECHAT = Channel.PUSH, Channel.WECHAT


@pytest.fixture
def ageing() -> Ageing:
    return parameters().response.ageing


def test_each_repetition_of_a_kind_of_message_lowers_clicks(ageing: Ageing) -> None:
    wear = Wear([Sending(day, PUSH, "skincare", 0.5) for day in (10, 20, 30)], ageing)
    fresh = [wear.freshness(PUSH, "skincare", day) for day in (10, 20, 30, 40)]
    assert fresh[0] == 1.0
    assert fresh == sorted(fresh, reverse=True)
    assert len(set(fresh)) == 4


def test_another_topic_of_the_family_tires_too_another_channel_or_family_does_not(ageing: Ageing) -> None:
    wear = Wear([Sending(10, PUSH, "skincare", 1.0)], ageing)
    assert wear.freshness(PUSH, "makeup", 15) == wear.freshness(PUSH, "skincare", 15) < 1.0
    assert wear.freshness(WECHAT, "skincare", 15) == wear.freshness(PUSH, "pets", 15) == 1.0


def test_wear_fades_and_is_gone_after_its_days(ageing: Ageing) -> None:
    wear = Wear([Sending(10, PUSH, "pets", 1.0)], ageing)
    days = [11, 30, 10 + ageing.tires_within - 1, 10 + ageing.tires_within]
    fresh = [wear.freshness(PUSH, "pets", day) for day in days]
    assert fresh == sorted(fresh)
    assert fresh[0] == pytest.approx(ageing.tires ** (1 - 1 / ageing.tires_within))
    assert fresh[-1] == 1.0


def test_a_pilot_tires_less_than_a_message_to_all(ageing: Ageing) -> None:
    few, all_of_them = (Wear([Sending(10, PUSH, "pets", share)], ageing) for share in (0.1, 1.0))
    assert few.freshness(PUSH, "pets", 12) > all_of_them.freshness(PUSH, "pets", 12)


def test_a_pull_falls_evenly_to_what_is_kept(ageing: Ageing) -> None:
    days = (0, ageing.drift_days // 2, ageing.drift_days, 2 * ageing.drift_days)
    assert [kept(0.5, day, ageing) for day in days] == [1.0, 0.75, 0.5, 0.5]
    assert kept(1.0, ageing.drift_days, ageing) == 1.0


def test_the_ranking_of_offers_and_channels_turns_round_within_the_log(ageing: Ageing) -> None:
    model, last_day = parameters().response, Calendar(parameters()).days - 1
    coupon, gift = (
        [model.offer_value[offer] * kept(ageing.offers_keep[offer], day, ageing) for day in (0, last_day)]
        for offer in (OfferType.COUPON, OfferType.GIFT)
    )
    assert coupon[0] > gift[0]
    assert coupon[1] < gift[1]


def test_no_topic_belongs_to_two_families(ageing: Ageing) -> None:
    topics = [topic for family in ageing.families.values() for topic in family]
    assert len(topics) == len(set(topics))
