"""The figures of stories that were told and judged: of each metric the value over all, with its interval."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from app.insights.schemas import ProfileStory
from app.llm.ladder import Rung
from evals import intervals
from evals.ceilings.tellable import Tellable
from evals.intervals import Floats, wilson
from evals.scorers import prose
from evals.scorers.citations import Citations
from evals.scorers.grounding import Grounding
from evals.scorers.prose import Prose
from evals.scorers.story_text import Says
from evals.scorers.story_truth import Named
from evals.task import Metric, Sample, Score

LONG = 9
"""Sentences above which a story is long; below FEW it is short."""
FEW = 5
_ROUNDS = 400


class Told(NamedTuple):
    """One story with all that was found of it."""

    number: int
    """The customer's number in the demo shop."""
    story: ProfileStory
    ms: float
    answers_valid: tuple[bool, ...]
    """Of each answer of the model: whether it fits its schema."""
    grounding: Grounding
    citations: Citations
    prose: Prose
    tellable: Tellable
    said: Says
    named: Named
    named_by_claims: Named
    quiet: bool
    """What they want most never changed."""
    persona_named: bool | None
    intent_named: bool | None

    @property
    def sound(self) -> bool:
        """Whether the story is one that fronts can show: sentences, each of its claims there."""
        known = {claim.claim_id for claim in self.story.claims}
        sentences = self.story.sentences
        return bool(sentences) and all(known.issuperset(sentence.claim_ids) for sentence in sentences)


def metrics(told: Sequence[Told], *, rung: Rung, seed: int) -> dict[str, Metric]:
    """All figures. Pooled shares are drawn over customers, since the questions of one customer hang together."""
    first = [one.answers_valid[0] for one in told if one.answers_valid] if rung != "composer" else []
    stated = sum(one.grounding.numbers for one in told)
    loose = sum(one.grounding.numbers_unsupported for one in told)
    return {
        "schema_valid": _of(first) if rung != "composer" else _of(one.sound for one in told),
        "told_by_rung": _of(one.story.provenance.rung == rung for one in told),
        "citation_precision": _pooled(told, lambda t: (t.citations.supporting, t.citations.citations), seed),
        "citation_recall": _pooled(told, lambda t: (t.citations.covered, t.citations.stating), seed),
        "numbers_supported": wilson(stated - loose, stated),
        "claims_wrong": intervals.count(sum(t.grounding.wrong.total() for t in told), _checked(told)),
        **_truth(told, seed),
        **_reads(told, seed),
    }


def _truth(told: Sequence[Told], seed: int) -> dict[str, Metric]:
    asked = {name: [getattr(one.named, name) for one in told] for name in Named._fields}
    return {
        "truth_coverage": _pooled(told, lambda t: (sum(t.named.answered), len(t.named.answered)), seed),
        "truth_coverage_by_claims": _pooled(
            told, lambda t: (sum(t.named_by_claims.answered), len(t.named_by_claims.answered)), seed
        ),
        **{f"{name}_named": _of(one for one in found if one is not None) for name, found in asked.items()},
        "interest_named_first": _of(
            t.said.interests[:1] == (t.tellable.interest,) for t in told if t.tellable.interest is not None
        ),
        "shift_named": _of(t.named.shift for t in told if t.named.shift is not None),
        "drifting_named_of_drifting": _of(t.named.drifting for t in told if t.tellable.drifting is True),
        "drifting_named_of_calm": _of(t.named.drifting for t in told if t.tellable.drifting is False),
        "shift_made_up": _of(bool(t.said.shifts) for t in told if t.quiet),
        "persona_coverage": _of(t.persona_named for t in told if t.persona_named is not None),
        "intent_coverage": _of(t.intent_named for t in told if t.intent_named is not None),
    }


def _reads(told: Sequence[Told], seed: int) -> dict[str, Metric]:
    means: dict[str, Callable[[Told], float]] = {
        "repetition": lambda t: t.prose.repeated,
        "same_opening": lambda t: t.prose.same_opening,
        "length_sentences": lambda t: t.prose.sentences,
        "length_tokens": lambda t: t.prose.tokens,
        "latency_ms": lambda t: t.ms,
    }
    return {
        **{name: intervals.mean([value(t) for t in told], seed=seed) for name, value in means.items()},
        "template_repetition": _template_repetition(told),
        "length_fits": _of(FEW <= t.prose.sentences <= LONG for t in told),
        "language": _of(t.prose.language for t in told),
    }


def _template_repetition(told: Sequence[Told]) -> Metric:
    """Within each language; a mean over pairs of stories, so no interval is given."""
    groups = [[t.prose for t in told if t.story.lang == lang] for lang in sorted({t.story.lang for t in told})]
    values = [prose.template_share(group) for group in groups]
    return Metric(sum(values) / len(values) if values else None, None, None, len(told))


def counts(told: Sequence[Told]) -> dict[str, dict[str, int]]:
    """Who told, and the patterns that most stories share."""
    rungs = Counter(one.story.provenance.rung for one in told)
    tics = {lang: dict(prose.commonest([t.prose for t in told if t.story.lang == lang])) for lang in ("zh", "en")}
    kinds = Counter(str(remark).partition(" is not said")[0] for t in told for remark in t.citations.remarks)
    return {
        "rungs": dict(sorted(rungs.items())),
        "not_said": dict(kinds.most_common(12)),
        **{f"tics_{lang}": found for lang, found in tics.items() if found},
    }


def sample(one: Told) -> Sample:
    """One story with its scores, under an id that is the same on every rung."""
    asked = {name: _score(value) for name, value in one.named._asdict().items()}
    return Sample(
        id=f"{one.number}/{one.story.lang}",
        input={"customer": one.story.customer_id, "lang": one.story.lang},
        target={
            "interest": one.tellable.interest,
            "shift": " > ".join(one.tellable.shift) if one.tellable.shift else None,
            "drifting": one.tellable.drifting,
        },
        output={
            "story": one.story.text,
            "rung": one.story.provenance.rung,
            "interest": ", ".join(one.said.interests),
            "shifts": ", ".join(" > ".join(pair) for pair in one.said.shifts),
            "drifting": one.said.drifting,
        },
        scores={
            **asked,
            "truth_coverage": Score(one.named.share, None if one.named.answered else "nothing could be told"),
            "citation_precision": _ratio(one.citations.supporting, one.citations.citations, one.citations.remarks),
            "citation_recall": _ratio(one.citations.covered, one.citations.stating),
            "numbers_supported": _ratio(
                one.grounding.numbers - one.grounding.numbers_unsupported,
                one.grounding.numbers,
                one.grounding.remarks,
            ),
            "repetition": Score(one.prose.repeated),
            "length_sentences": Score(float(one.prose.sentences)),
            "length_tokens": Score(float(one.prose.tokens)),
            "latency_ms": Score(one.ms),
        },
    )


def _score(value: bool | None) -> Score:
    return Score(None, "nothing could be told") if value is None else Score(float(value))


def _ratio(part: int, whole: int, remarks: Sequence[str] = ()) -> Score:
    return Score(part / whole if whole else None, "; ".join(remarks) or (None if whole else "there are none"))


def _of(found: Iterable[bool | None]) -> Metric:
    values = list(found)
    return wilson(sum(bool(value) for value in values), len(values))


def _checked(told: Sequence[Told]) -> int:
    return sum(t.grounding.checked.total() for t in told)


def _pooled(told: Sequence[Told], count: Callable[[Told], tuple[int, int]], seed: int) -> Metric:
    """Sum over sum, with an interval from drawing customers."""
    customers = sorted({one.number for one in told})
    place = {index: n for n, index in enumerate(customers)}
    part, whole = np.zeros(len(customers)), np.zeros(len(customers))
    for one in told:
        found, of = count(one)
        part[place[one.number]] += found
        whole[place[one.number]] += of
    if not whole.sum():
        return Metric(None, None, None, 0)

    def share(weight: Floats) -> dict[str, float]:
        below = float(weight @ whole)
        return {"share": float(weight @ part) / below if below else float("nan")}

    drawn = intervals.draw(share, len(customers), rounds=_ROUNDS, seed=seed)["share"]
    return intervals.interval(drawn, int(whole.sum()))
