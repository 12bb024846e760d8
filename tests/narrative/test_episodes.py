from app.events.intake import Accepted
from app.narrative.episodes import Candidate, keys_of, ranked
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.profile.memory.arcs import Arc
from app.profile.memory.episodes import Episode, Mark, event_ids
from app.text.taxonomy import Taxonomy
from tests.factories import START, an_accepted, an_order
from tests.factories_tellings import a_telling

MINUTE = 1 / 1440


def found(taxonomy: Taxonomy, *accepted: Accepted, claims: tuple[Claim, ...] = ()) -> list[Candidate]:
    telling = a_telling(taxonomy, *accepted)
    return ranked(telling.visits, claims, int(telling.as_of.timestamp()))


def episodes_of(candidates: list[Candidate]) -> list[Episode]:
    return [c.subject for c in candidates if isinstance(c.subject, Episode)]


IDLE = [an_accepted("view", 100 + n, item_id="milk", properties={"dwell_s": 3}) for n in range(6)]


def test_a_first_order_says_more_than_visits_that_led_nowhere(taxonomy: Taxonomy) -> None:
    ranks = episodes_of(found(taxonomy, an_order(98, 50, "o1", "cream"), *IDLE))
    assert any(episode.marks & Mark.FIRST_ORDER for episode in ranks[:3])


def test_an_order_far_above_the_usual_says_more_than_another(taxonomy: Taxonomy) -> None:
    orders = [an_order(90 + n, 500 if n == 2 else 20, f"o{n}", "milk") for n in range(8)]
    ranks = episodes_of(found(taxonomy, *orders))
    between = [episode.value for episode in ranks if 1 < episode.visit < 7]
    assert between[0] == 50000


def test_what_a_change_stands_on_is_told_before_the_rest(taxonomy: Taxonomy) -> None:
    plain = episodes_of(found(taxonomy, *IDLE))
    last = plain[-1]
    claim = Claim(
        claim_id="k_1",
        kind=ClaimKind.CHANGE,
        predicate=Predicate.SIGNAL,
        subject="c_1",
        value=1,
        unit=Unit.COUNT,
        as_of=START,
        evidence=event_ids(keys_of(last)),
    )
    assert episodes_of(found(taxonomy, *IDLE, claims=(claim,)))[0].start == last.start


def test_nights_with_the_same_item_are_told_as_one_story(taxonomy: Taxonomy) -> None:
    nights = [
        event
        for day in (190, 191, 192)
        for event in (
            an_accepted("view", day + 0.4, item_id="case", properties={"dwell_s": 60}),
            an_accepted("cart_add", day + 0.4 + MINUTE, item_id="case"),
        )
    ]
    subjects = [candidate.subject for candidate in found(taxonomy, *nights)]
    assert len(subjects) == 1
    assert isinstance(subjects[0], tuple)
    item, arc = subjects[0]
    assert (item, arc) == ("case", Arc(**{field: getattr(arc, field) for field in arc.__struct_fields__}))
    assert (arc.visits, arc.carted) == (3, 3)


def test_nothing_remembered_is_nothing_to_tell(taxonomy: Taxonomy) -> None:
    assert found(taxonomy) == []
