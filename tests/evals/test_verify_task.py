"""The measurement of the checker: every mutation is false, every rewording true, and both are counted apart."""

from random import Random

import pytest

from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from evals.mutations.case import Case, numbers
from evals.mutations.figures import FIGURES, digits_swapped, numbers_swapped, off_by_one
from evals.mutations.meanings import hedge_removed, subjects_swapped, turned
from evals.mutations.rewording import merged, reordered, reworded
from evals.tasks.verify import VerifyOptions, VerifyTask
from evals.verdicts import TEXTS

SHARE = "The largest share of the spend goes to travel (23%), then pets (16%)."


def a_case(text: str = SHARE, kind: ClaimKind = ClaimKind.AGGREGATE, seed: int = 1) -> Case:
    claims = tuple(
        Claim.unchecked(
            claim_id=topic, kind=kind, predicate=Predicate.TOPIC_SHARE, subject="c", value=value, unit=Unit.SHARE,
            as_of=None, topic=topic,
        )
        for topic, value in (("travel", 0.23), ("pets", 0.16))
    )  # fmt: skip
    spoken = {"travel": "23% of the spend is on travel.", "pets": "16% of the spend is on pets."}
    return Case(
        "en", text, claims, spoken, {"travel": "travel", "pets": "pets", "garden": "garden"}, (), (), Random(seed)
    )


def test_a_figure_of_an_interval_or_a_rating_is_no_statement() -> None:
    text = "“5 for 6” on 3 May 2026: 2 out of 5, 80% interval, 1,234.50 and 21:00."
    assert [token.text for token in numbers(text)] == ["2", "1,234.50"]


@pytest.mark.parametrize("seed", range(20))
def test_a_mutation_changes_what_is_said_or_is_not_made(seed: int) -> None:
    for mutate in TEXTS.values():
        assert mutate(a_case(seed=seed)) != SHARE


def test_mutations_are_what_their_names_say() -> None:
    assert numbers_swapped(a_case()) == SHARE.replace("23", "x").replace("16", "23").replace("x", "16")
    assert subjects_swapped(a_case()) == SHARE.replace("travel", "x").replace("pets", "travel").replace("x", "pets")
    assert off_by_one(a_case()) != digits_swapped(a_case())
    assert turned(a_case("Orders fell to 1 from 4.")) == "Orders rose to 1 from 4."
    assert set(FIGURES) <= set(TEXTS)


def test_a_hedge_is_removed_whole_or_not_at_all() -> None:
    hedged = a_case("Inference, not fact: age band may be 30.", ClaimKind.INFERENCE)
    assert hedge_removed(hedged) == "age band is 30."
    assert hedge_removed(a_case("It may be likely.", ClaimKind.INFERENCE)) is None
    assert hedge_removed(a_case("It may be 3.")) is None


def test_rewording_keeps_every_figure_and_every_quotation() -> None:
    text = "Searched for “worth it” on 3 May 2026."
    for seed in range(20):
        again = reworded(text, "en", Random(seed))
        assert "“worth it”" in again
        assert [token.text for token in numbers(again)] == [token.text for token in numbers(text)]
    assert merged("One.", "There is one.", "en") == "One; there is one."
    assert reordered("A is one; b is two.", "en") == "B is two; a is one."
    assert reordered("A is one.", "en") is None


def test_a_run_counts_what_was_caught_and_what_was_refused_in_vain() -> None:
    result = VerifyTask().run(VerifyOptions(seed=101, customers=20, stories=10), lambda _line: None)
    assert result.metrics["mutations_caught"].value is not None
    assert result.metrics["mutations_caught"].value > 0.98
    assert result.metrics["false_alarms"].value is not None
    assert result.metrics["false_alarms"].value < 0.02
    assert result.metrics["mutations_caught"].n + result.metrics["false_alarms"].n == result.n
    numbers_only = result.baselines["numbers_only"]["mutations_caught"].value
    assert numbers_only is not None
    assert numbers_only < 0.7
