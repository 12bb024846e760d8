"""One workspace at one moment, as far as acting on it goes: its curve, its contacts, its rhythms. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from app.predict.fitted import Estimates
from app.predict.reckoning import Reckoning
from app.strategy.acting.contacts import Contact
from app.strategy.acting.curve import LEVELS, Curve, grid
from app.strategy.acting.queueing import Candidate, Held, Rhythm, candidates, held, rhythms
from app.strategy.acting.schemas import ActingCurve, CurvePoint, CustomerPoint
from app.strategy.gate.policy import Policy


@dataclass(frozen=True)
class Day:
    """What the queue of one moment is made from."""

    as_of: datetime
    reckoning: Reckoning
    contacts: Mapping[str, Sequence[Contact]]
    """By customer, oldest first."""
    policy: Policy

    @cached_property
    def curve(self) -> Curve:
        """The thresholds, from the median value of the buyers who have an estimate."""
        values = self._estimates.value[self._estimates.known]
        return Curve(self.policy.acting, self.policy.default_margin, float(np.median(values)) if values.size else 0.0)

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Everybody at a level, largest expected gain first."""
        return candidates(self._estimates, self.curve)

    @cached_property
    def rhythms(self) -> dict[str, Rhythm]:
        """How the candidates buy."""
        cohort = self.reckoning.cohort
        return rhythms(cohort.purchases, [c.customer_id for c in self.candidates], today=cohort.as_of_day)

    def hold(self, candidate: Candidate) -> Held | None:
        """What stands in the way of one candidate, of all that their own rhythm and the log can tell."""
        of = candidate.customer_id
        return held(self.rhythms[of], self.contacts.get(of, ()), self.policy.acting, as_of=self.as_of)

    def unknown(self) -> dict[str, int]:
        """Customers without churn risk or value, by what is missing; most often nothing bought yet."""
        seen, model = self.reckoning.seen, self.reckoning.model
        known = {self._estimates.customer_ids[i] for i in np.flatnonzero(self._known)}
        missing = Counter(code for c in seen - known for code in model.missing or ("orders",))
        return dict(sorted(missing.items()))

    @property
    def below(self) -> int:
        """Customers with an estimate whom no level reaches yet."""
        return int(self._known.sum()) - len(self.candidates)

    def shown_curve(self) -> ActingCurve:
        """The curve over the values that there are."""
        at = grid(self._estimates.value[self._known].astype(np.float64))
        found = self.curve.thresholds(at)
        light, strong = self.curve.saved
        points = (CurvePoint(value_minor=v, light=x, strong=y) for v, x, y in zip(at, *found, strict=True))
        return ActingCurve(
            median_value_minor=self.curve.median_value,
            margin=self.curve.margin,
            saved_light=light,
            saved_strong=strong,
            points=tuple(points),
        )

    def dots(self, most: int) -> tuple[CustomerPoint, ...]:
        """So many customers to draw beside the curve, evenly picked; all when there are no more."""
        estimates, rows = self._estimates, np.flatnonzero(self._known)
        if rows.size > most:
            rows = rows[np.linspace(0, rows.size - 1, most).astype(np.int64)]
        value, risk = estimates.value[rows], estimates.churn_risk[rows]
        found = zip(rows, value, risk, self.curve.levels(value, risk), strict=True)
        return tuple(
            CustomerPoint(
                customer_id=estimates.customer_ids[row], value_minor=int(v), churn_risk=float(r), level=LEVELS[n]
            )
            for row, v, r, n in found
        )

    @property
    def _estimates(self) -> Estimates:
        return self.reckoning.model.all()

    @property
    def _known(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.asarray(self._estimates.known & np.isfinite(self._estimates.churn_risk), np.bool_)
