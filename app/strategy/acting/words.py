"""Why somebody is on the queue, waits, or is left in peace, in words of either language."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.schema import Lang
from app.strategy.acting.curve import Curve
from app.strategy.acting.queueing import Candidate, Held, Rhythm
from app.strategy.acting.schemas import Hold
from app.strategy.wording import day_of, money, percent, wording


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Words for one workspace and language."""

    lang: Lang
    currency: str
    zone: ZoneInfo
    horizon_days: int

    def why(self, found: Candidate) -> str:
        """Why a contact of this level pays."""
        return self._words(found.level).format(
            risk=percent(found.churn_risk),
            threshold=percent(found.threshold),
            value=self._money(found.value_minor),
            days=self.horizon_days,
            gain=self._money(found.gain_minor),
        )

    def below(self, risk: float, value: float, light: float, strong: float) -> str:
        """Why none does yet."""
        return self._words("below").format(
            risk=percent(risk),
            value=self._money(value),
            days=self.horizon_days,
            light=percent(light),
            strong=percent(strong),
        )

    def unknown(self) -> str:
        """Why somebody is not considered."""
        return self._words("unknown")

    def held(self, why: Held, rhythm: Rhythm, team: str) -> str:
        """What stands in the way."""
        return self._words(why.hold).format(
            gap=f"{rhythm.usual_gap or 0:.0f}",
            since=rhythm.since_order,
            until=self._day(why.until),
            team=team,
        )

    def assumptions(self, curve: Curve) -> tuple[str, ...]:
        """What the thresholds stand on."""
        light, strong = curve.saved
        margin = self._words("margin").format(margin=percent(curve.margin))
        if curve.median_value <= 0:
            return margin, self._words("no_median")
        if strong > 1:
            return margin, self._words("unreachable")
        return margin, self._words("saved").format(light=percent(light), strong=percent(strong))

    def _words(self, key: str | Hold) -> str:
        return wording(self.lang).acting[str(key)]

    def _money(self, minor: float) -> str:
        return money(minor, self.currency, self.lang)

    def _day(self, moment: datetime | None) -> str:
        return day_of(moment.astimezone(self.zone), self.lang) if moment else ""
