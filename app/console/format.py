"""Amounts, shares and times as people read them, by each language's own rules (Babel, CLDR)."""

import re
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names, get_month_names
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from app.console.wording import Wording, wording
from app.narrative.speech import amount_in_words
from app.predict.schemas import Calibration, ChurnCalibration
from app.schema import Lang

_BACKTEST = re.compile(r"backtest, cut (\S+), (\d+) d")


class Formatter(NamedTuple):
    """Formats for one language and time zone."""

    lang: Lang
    zone: ZoneInfo

    @property
    def say(self) -> Wording:
        """The console's words in the same language."""
        return wording(self.lang)

    @property
    def _locale(self) -> str:
        return self.say("app.locale")

    def exact(self, minor: float, currency: str) -> str:
        """An amount to the last minor unit, for what was paid."""
        return amount_in_words(minor, currency, self.lang)

    def money(self, minor: float | None, currency: str) -> str:
        """An amount in whole major units, for sums and estimates; a dash for none."""
        if minor is None:
            return "–"
        major = (Decimal(round(minor)) / 10 ** get_currency_precision(currency)).quantize(Decimal(1))
        return str(format_currency(major + 0, currency, format="¤#,##0", locale=self._locale, currency_digits=False))

    def number(self, value: float) -> str:
        """Grouped digits."""
        return str(format_decimal(Decimal(str(value)), format="#,##0.#", locale=self._locale))

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share in per cent; a dash for none. Small but real shares are not rounded to nothing."""
        if share is None:
            return "–"
        if digits == 0 and 0 < share < 0.005:
            return "<1%"
        if digits == 0 and 0.995 <= share < 1:
            return ">99%"
        pattern = "0." + "#" * digits + "%" if digits else "0%"
        return str(format_percent(share, format=pattern, locale=self._locale))

    def date(self, moment: datetime | None) -> str:
        """The local date in words."""
        if moment is None:
            return "–"
        pattern = "y年M月d日" if self.lang == "zh" else "d MMM y"
        return str(format_date(moment.astimezone(self.zone).date(), pattern, locale=self._locale))

    def weekday(self, day: int) -> str:
        """The name of a weekday; Monday is 0."""
        return str(get_day_names("wide", locale=self._locale)[day])

    def iso_date(self, moment: datetime) -> str:
        """The local date as 2026-03-31, as links and pickers carry it."""
        return moment.astimezone(self.zone).date().isoformat()

    def calendar(self) -> dict[str, list[str] | int]:
        """Names of days and months, in the form that the date picker takes."""
        days = [get_day_names(width, locale=self._locale) for width in ("wide", "short")]
        months = [get_month_names(width, locale=self._locale) for width in ("wide", "abbreviated")]
        from_sunday = (6, 0, 1, 2, 3, 4, 5)
        return {
            "days": [days[0][i] for i in from_sunday],
            "daysShort": [days[1][i] for i in from_sunday],
            "months": [months[0][i] for i in range(1, 13)],
            "monthsShort": [months[1][i] for i in range(1, 13)],
            "firstDayOfWeek": 1,
        }

    def time(self, moment: datetime) -> str:
        """The local time to the minute, for tables."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def measured(self, calibration: Calibration | None) -> str:
        """How the interval did on data that the model had not seen, in words."""
        if calibration is None:
            return self.say("list.not_measured")
        where, above = self.where(calibration.set), self.percent(calibration.above_q90, 1)
        return self.say("list.measured", where=where, share=above, n=self.number(calibration.n))

    def churn_measured(self, calibration: ChurnCalibration | None) -> str:
        """How the chance of no purchase did on data that the model had not seen, in words."""
        if calibration is None:
            return self.say("list.not_measured")
        predicted, observed = self.percent(calibration.predicted), self.percent(calibration.observed)
        where, n = self.where(calibration.set), self.number(calibration.n)
        return self.say("numbers.churn_measured", where=where, predicted=predicted, observed=observed, n=n)

    def where(self, measured_on: str) -> str:
        """What a record was measured on, in words."""
        found = _BACKTEST.fullmatch(measured_on)
        return self.say("list.backtest", cut=found[1], days=found[2]) if found else measured_on

    def missing(self, codes: tuple[str, ...]) -> str:
        """What an estimate would need, in words."""
        parts = (code.partition(">=") for code in codes)
        said = (self.say(f"missing.{name}", least=least) for name, _, least in parts)
        return ("；" if self.lang == "zh" else "; ").join(said)
