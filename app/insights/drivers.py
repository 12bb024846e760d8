"""Why a customer's number is what it is, in words: each share beside the claims it stands on.

And what would change the number, and what may undo it. All figures come from the model, the claims and the shop's past;
the words from one file per language.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import yaml

from app.insights.risks import RiskClaims, RiskKind, risks_of
from app.narrative.formats import formats
from app.narrative.schemas import Claim, Predicate
from app.predict.churn.leads import SignalLead
from app.predict.schemas import Contribution, DriverGroup, Explanation, WhatIf, WhatIfKind
from app.schema import Frozen, Lang

_EVIDENCE: dict[DriverGroup, tuple[Predicate, ...]] = {
    "often": (Predicate.ORDER_COUNT,),
    "recently": (Predicate.DAYS_SINCE_LAST_ORDER, Predicate.LAST_ORDER),
    "tenure": (Predicate.FIRST_ORDER,),
    "order": (Predicate.AVERAGE_ORDER_VALUE, Predicate.BASKET, Predicate.LARGEST_ORDER),
    "lately": (Predicate.ORDER_VALUE_CHANGE, Predicate.ORDER_COUNT_CHANGE, Predicate.LAST_ORDER),
    "rhythm": (Predicate.USUAL_GAP, Predicate.DAYS_SINCE_LAST_ORDER),
    "browsing": (Predicate.VISIT_GAP, Predicate.VIEW_COUNT, Predicate.CARTED_NOT_BOUGHT, Predicate.SUPPORT_CONTACT),
    "signs": (Predicate.SIGNAL,),
    "season": (),
}
"""What the columns of each group are claimed as."""


class Wording(Frozen):
    """One language's file."""

    space: str
    """Between sentences."""
    value: str
    chance: str
    reason: str
    reason_chance: str
    points: str
    groups: dict[DriverGroup, str]
    what_if: dict[WhatIfKind, str]
    risk: dict[RiskKind, str]
    named: str
    """A risk that is not a sign: those name themselves."""
    since: str
    lead: str
    outcome: str
    note: dict[str, str]


class Reason(Frozen):
    """One group of facts: what it adds, and the claims it stands on."""

    group: DriverGroup
    name: str
    amount: str
    """What it adds to the expected value, with its sign."""
    said: str
    """The same as a line."""
    said_chance: str
    """What it adds to the chance of no purchase."""
    claim_ids: tuple[str, ...]
    """None where nothing can be claimed of it, as of the season."""


class Risk(Frozen):
    """One thing that may undo the number."""

    kind: RiskKind
    name: str
    said: str
    since: datetime | None = None
    """For signs: when it was raised."""
    lead_days: float | None = None
    """For signs: median days by which it came before the last visit of customers who left; None where unmeasured."""
    claim_ids: tuple[str, ...]


class ToldWhatIf(Frozen):
    """What would change the number."""

    kind: WhatIfKind
    said: str


class CustomerExplanation(Frozen):
    """Why one customer's number is what it is. Worked out on demand; nothing is decided by it."""

    customer_id: str
    as_of: datetime
    lang: Lang
    numbers: Explanation
    said: tuple[str, ...]
    """The number beside a typical customer's, one sentence each; empty without an estimate."""
    reasons: tuple[Reason, ...]
    """In the order of the contributions."""
    what_ifs: tuple[ToldWhatIf, ...]
    risks: tuple[Risk, ...]
    notes: tuple[str, ...]
    """How to read it, one sentence each."""
    claims: tuple[Claim, ...]
    """All that are cited, with their evidence."""
    spoken: dict[str, str]
    """claim_id -> the claim as one plain sentence."""


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language, read once."""
    text = (resources.files("app.insights") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))


def tell_explanation(
    customer_id: str,
    numbers: Explanation,
    claims: Sequence[Claim],
    spoken: Mapping[str, str],
    leads: Mapping[str, SignalLead],
    *,
    zone: ZoneInfo,
    as_of: datetime,
    lang: Lang,
) -> CustomerExplanation:
    """The same answer in either language; `spoken` holds a sentence for each of the claims."""
    teller = _Teller(lang, zone, numbers, leads)
    reasons = tuple(teller.reason(one, claims) for one in numbers.contributions)
    risks = tuple(teller.risk(one, spoken) for one in risks_of(claims))
    cited = {claim_id for one in reasons for claim_id in one.claim_ids}
    cited |= {claim_id for one in risks for claim_id in one.claim_ids}
    return CustomerExplanation(
        customer_id=customer_id,
        as_of=as_of,
        lang=lang,
        numbers=numbers,
        said=teller.headline(),
        reasons=reasons,
        what_ifs=tuple(teller.what_if(one) for one in numbers.what_ifs),
        risks=risks,
        notes=teller.notes(),
        claims=tuple(claim for claim in claims if claim.claim_id in cited),
        spoken={claim_id: spoken[claim_id] for claim_id in sorted(cited)},
    )


class _Teller:
    def __init__(self, lang: Lang, zone: ZoneInfo, numbers: Explanation, leads: Mapping[str, SignalLead]) -> None:
        self._words, self._formats = wording(lang), formats(lang)
        self._zone, self._numbers, self._leads = zone, numbers, leads

    def headline(self) -> tuple[str, ...]:
        numbers, share = self._numbers, self._formats.share
        if numbers.value_minor is None or numbers.typical_value_minor is None:
            return ()
        value, typical = (self._amount(minor) for minor in (numbers.value_minor, numbers.typical_value_minor))
        chances = {"chance": share(numbers.p_no_purchase or 0), "typical": share(numbers.typical_p_no_purchase or 0)}
        return (
            self._words.value.format(value=value, typical=typical, days=numbers.horizon_days),
            self._words.chance.format(**chances),
        )

    def reason(self, one: Contribution, claims: Sequence[Claim]) -> Reason:
        name = self._words.groups[one.group]
        moved = 100 * one.no_purchase_points
        points = self._words.points.format(points=_signed(moved, f"{abs(moved):.1f}"))
        amount = _signed(one.amount_minor, self._amount(abs(one.amount_minor)))
        return Reason(
            group=one.group,
            name=name,
            amount=amount,
            said=self._words.reason.format(name=name, amount=amount, factor=_factor(one.factor)),
            said_chance=self._words.reason_chance.format(name=name, points=points, factor=_factor(one.odds_factor)),
            claim_ids=_ids(c for predicate in _EVIDENCE[one.group] for c in claims if c.predicate is predicate),
        )

    def what_if(self, one: WhatIf) -> ToldWhatIf:
        said = self._words.what_if[one.kind].format(
            within=one.within_days,
            order="" if one.order_minor is None else self._amount(one.order_minor),
            value=self._amount(one.value_minor),
            now=self._amount(self._numbers.value_minor or 0),
            chance=self._formats.share(one.p_no_purchase),
        )
        return ToldWhatIf(kind=one.kind, said=said)

    def risk(self, one: RiskClaims, spoken: Mapping[str, str]) -> Risk:
        said = [spoken[claim.claim_id] for claim in one.claims]
        name, ids = self._words.risk[one.kind], _ids(one.claims)
        if one.kind != "sign":
            whole = self._words.named.format(name=name, said=self._words.space.join(said))
            return Risk(kind=one.kind, name=name, said=whole, claim_ids=ids)
        (sign,) = one.claims
        lead = self._leads.get(sign.name or "")
        said += [*self._since(sign.at), *self._lead(lead)]
        return Risk(
            kind=one.kind,
            name=name,
            said=self._words.space.join(said),
            since=sign.at,
            lead_days=lead.median_days if lead else None,
            claim_ids=ids,
        )

    def notes(self) -> tuple[str, ...]:
        numbers, note = self._numbers, self._words.note
        if numbers.value_minor is None:
            return ()
        season = "season_seen" if numbers.years_seen else "season_declared"
        asked = {
            "compared": True,
            season: any(one.group == "season" for one in numbers.contributions),
            "what_if": bool(numbers.what_ifs),
        }
        slots = {"n": numbers.compared_with, "years": numbers.years_seen}
        within = max((one.within_days for one in numbers.what_ifs), default=0)
        return tuple(note[name].format(within=within, **slots) for name, wanted in asked.items() if wanted)

    def _since(self, at: datetime | None) -> list[str]:
        return [self._words.since.format(date=self._formats.date(at.astimezone(self._zone)))] if at else []

    def _lead(self, lead: SignalLead | None) -> list[str]:
        """How early it came in customers who left, and what followed; nothing where that is not measured."""
        if lead is None:
            return []
        found: list[str] = []
        number, share = self._formats.number, self._formats.share
        if lead.median_days is not None and lead.low_days is not None and lead.high_days is not None:
            days = {"median": number(lead.median_days), "low": number(lead.low_days), "high": number(lead.high_days)}
            found.append(self._words.lead.format(n=number(lead.n), leavers=number(lead.leavers), **days))
        if lead.no_purchase is not None and lead.no_purchase_without is not None:
            shares = {"share": share(lead.no_purchase), "without": share(lead.no_purchase_without)}
            found.append(self._words.outcome.format(days=self._numbers.horizon_days, **shares))
        return found

    def _amount(self, minor: int) -> str:
        return self._formats.estimate(minor, self._numbers.currency)


def _signed(amount: float, said: str) -> str:
    return f"{'−' if amount < 0 else '+'}{said}"


def _factor(factor: float) -> str:
    return f"{factor:.2f}"


def _ids(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(claim.claim_id for claim in claims))
