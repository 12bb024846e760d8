"""What a story says, in a story's order: who this is, what they want now, what changed and why, what may come next.

The narrative (`plans.py`) lists; a story joins: what is usual, what is now and what the estimator makes of it stand in
one sentence. Every claim is still told in exactly one; which of them make a story is for `insights/compose.py` to say.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.narrative.measures import OVERDUE
from app.narrative.plans import (
    SAID_SIGNS,
    Cited,
    Plan,
    attributes,
    each,
    habits,
    is_sure,
    nothing_told,
    order_changes,
    outlook,
    rhythm,
    searches,
    shift_plan,
    signal_plan,
    take,
    taste,
    topic_changes,
    who,
    wrote,
)
from app.narrative.schemas import Claim, Predicate

STALE: Final = timedelta(days=45)
"""After so long without a word of it, the first interest is told with the day on which it was last dealt with."""
_STAYING: Final = frozenset({"calm", "watch"})
"""What the estimator may make of a churn risk short of leaving."""
_BESIDE: Final = 0.08
"""Share of interest from which a topic is named beside the first one."""
_LIKELY, _UNLIKELY = 1 / 3, 2 / 3
"""Chance of no purchase up to which another one is likely, and from which it is not."""


def storyline(claims: Sequence[Claim], kinds: Collection[str] = ()) -> Iterator[Plan]:
    """Every claim in one sentence, in a story's order; `kinds` of events say what there is without claims."""
    by: dict[str, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.predicate, []).append(claim)
    first = {name: found[0] for name, found in by.items()}
    if not claims:
        yield nothing_told(kinds)
    yield from who(first)
    yield from _interests(by.get(Predicate.INTEREST, []))
    yield from taste(by)
    yield from each(by, {Predicate.TOPIC_INTERACTIONS: "looking_at"})
    yield from _shifts(by.get(Predicate.INTEREST_SHIFT, []))
    yield from topic_changes(by)
    yield from each(by, {Predicate.INTENT: "intent"})
    yield from wrote(by)
    yield from searches(by)
    yield from order_changes(first)
    yield from _verdict(first)
    yield from _signs(by.get(Predicate.SIGNAL, []), first.get(Predicate.CHURN_RISK))
    yield from habits(first)
    yield from attributes(by.get(Predicate.ATTRIBUTE, []))
    yield from each(by, {Predicate.CARTED_NOT_BOUGHT: "carted"})
    yield from _outlook(by, first)


def _interests(claims: Sequence[Claim]) -> Iterator[Plan]:
    """The first is what the profile holds for wanted most; the others by how much their own behaviour shows of them."""
    if not claims:
        return
    one, others = claims[0], sorted(claims[1:], key=lambda claim: -(claim.value or 0))
    beside = [claim for claim in others if (claim.value or 0) >= _BESIDE]
    if one.at and one.as_of - one.at > STALE:
        cited, name = _interest(one), "was"
    elif beside and (beside[0].value or 0) > (one.value or 0):
        cited, name = _interest(one, beside[0]), "now_leaning"
    else:
        cited = _interest(one, *beside[:2])
        name = ("now_one", "now_two", "now_three")[len(cited) - 1]
    yield Plan(name, cited)
    told = {claim.claim_id for claim in cited.values()}
    yield from (Plan("interest_one", {"interest": claim}) for claim in claims if claim.claim_id not in told)


def _interest(*claims: Claim) -> Cited:
    return {"interest" if n == 1 else f"interest_{n}": claim for n, claim in enumerate(claims, 1)}


def _shifts(claims: Sequence[Claim]) -> Iterator[Plan]:
    """From one topic to another, the latest first and in full; then what came up or faded."""
    moves = sorted((c for c in claims if c.topic and c.to_topic), key=_began, reverse=True)
    for place, claim in enumerate(moves):
        yield Plan("moved_earlier" if place and is_sure(claim) else _moved(claim), {"interest_shift": claim})
    for claim in claims:
        if not (claim.topic and claim.to_topic):
            yield Plan(shift_plan(claim), {"interest_shift": claim})


def _began(claim: Claim) -> datetime:
    return claim.at or claim.as_of


def _moved(claim: Claim) -> str:
    if not is_sure(claim):
        return "shift_possible"
    if not _is_borne_out(claim):
        return "moved_bare"
    if claim.name == "seasonal":
        return "moved_season" if claim.compared_to else "moved_season_fresh"
    return "moved" if claim.compared_to else "moved_fresh"


def _is_borne_out(claim: Claim) -> bool:
    """Whether the counts of visits speak for the change; it rests on more than they say."""
    now, before = claim.out_of or 0, claim.compared_out_of or 0
    return now > 0 and before > 0 and (claim.value or 0) / now > (claim.compared_to or 0) / before


def _verdict(first: Mapping[str, Claim]) -> Iterator[Plan]:
    """The rhythm together with what the estimator makes of it: drifting away, or not."""
    risk = first.get(Predicate.CHURN_RISK)
    if risk is None or risk.name is None:
        yield from rhythm(first)
        return
    since, gap = first.get("days_since_last_order"), first.get("usual_gap")
    silent = since is not None and gap is not None and (since.value or 0) > (gap.value or 0)
    if "last_order" not in first:
        names: tuple[str, ...] = ("days_since_last_order",)
        shape = "single" if since else "bare"
    elif gap is not None and since is not None and (silent or risk.name in _STAYING):
        names = ("last_order", "usual_gap", "days_since_last_order")
        late = (since.value or 0) > OVERDUE * (gap.value or 0)
        shape = "overdue" if late and risk.name == "calm" else "rhythm"
    else:
        names, shape = ("last_order", "days_since_last_order"), "young" if gap is None else "lately"
    yield Plan(f"{risk.name}_{shape}", take(first, *names, "churn_risk"))


def _signs(claims: Sequence[Claim], risk: Claim | None) -> Iterator[Plan]:
    """Signs, the earliest first: of leaving where somebody leaves, else only worth watching."""
    level = risk.name if risk else None
    for place, claim in enumerate(sorted(claims, key=lambda claim: claim.at or claim.as_of)):
        if level is None or claim.name in SAID_SIGNS:
            yield Plan(signal_plan(claim), {"signal": claim})
        elif level in _STAYING:
            yield Plan("sign_watched", {"signal": claim})
        else:
            yield Plan("sign_further" if place else "sign_first", {"signal": claim})


def _outlook(by: Mapping[str, list[Claim]], first: Mapping[str, Claim]) -> Iterator[Plan]:
    ltv, none = first.get(Predicate.LTV), first.get(Predicate.NO_PURCHASE)
    risk = first.get(Predicate.CHURN_RISK)
    if ltv is None or none is None or risk is None or risk.name is None:
        yield from outlook(by, first)
        return
    chance = none.value or 0
    if not ltv.high:
        name = "outlook_nothing"
    else:
        name = "outlook_likely" if chance <= _LIKELY else "outlook_open" if chance < _UNLIKELY else "outlook_unlikely"
    yield Plan(name, take(first, "ltv", "no_purchase"))
