"""The shop's calendar: days counted from the first, local time of day, festivals and weekends.

Shanghai has kept UTC+8 without daylight saving since 1991, so a fixed offset is exact here.
"""

from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from app.demo.parameters import Parameters, Season

SHANGHAI = timezone(timedelta(hours=8))
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
SECOND_MS = 1_000


class Calendar:
    """Moments are milliseconds since local midnight of the first day."""

    def __init__(self, parameters: Parameters) -> None:
        """Lay out the days of one log."""
        self.days = parameters.days
        self.midnight = datetime.combine(parameters.first_day, datetime.min.time(), SHANGHAI)
        self.end_ms = self.days * DAY_MS
        self._epoch_ms = round(self.midnight.timestamp()) * 1000
        self._first_day = parameters.first_day
        self._dates = [(parameters.first_day + timedelta(day)).isoformat() for day in range(self.days)]
        self._months = [(parameters.first_day + timedelta(day)).month for day in range(self.days)]
        self._paces: dict[tuple[float, float], NDArray[np.float64]] = {}
        self._sales = np.ones(self.days)
        self.rates = np.ones(self.days)
        """The shop-wide factor on every rate, by day."""
        self.prices = np.ones(self.days)
        """The shop-wide factor on prices, by day."""
        weekdays = (np.arange(self.days) + parameters.first_day.weekday()) % 7
        self.rates[weekdays >= 5] *= parameters.weekend_rate
        for season in parameters.seasons:
            self._mark(season)

    def at(self, moment_ms: int) -> datetime:
        """The aware local time of a moment."""
        return self.midnight + timedelta(milliseconds=moment_ms)

    def wall_clock(self, moment_ms: int, between: str = "T") -> str:
        """Local date and time to the second, as ISO 8601 writes them."""
        day, ms = divmod(moment_ms, DAY_MS)
        minutes, seconds = divmod(ms // SECOND_MS, 60)
        return f"{self._dates[day]}{between}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"

    def moment(self, when: datetime) -> int:
        """The moment of an aware time."""
        return (when - self.midnight) // timedelta(milliseconds=1)

    def epoch_ms(self, moment_ms: int) -> int:
        """The moment as milliseconds since 1970 in UTC."""
        return self._epoch_ms + moment_ms

    def month(self, moment_ms: int) -> int:
        """The local month of a moment, 1 to 12; the last one after the log's end."""
        return self._months[min(moment_ms // DAY_MS, self.days - 1)]

    def pace(self, power: float, sale_power: float) -> NDArray[np.float64]:
        """Rates by day for somebody who cares for festivals `power` and for sales `sale_power` times as much."""
        key = power, sale_power
        if key not in self._paces:
            self._paces[key] = np.array(self.rates**power * self._sales ** (sale_power - 1.0))
        return self._paces[key]

    def _mark(self, season: Season) -> None:
        first = (season.first - self._first_day).days
        days = slice(first, first + (season.last - season.first).days + 1)
        self.rates[days] *= season.rate
        self.prices[days] = season.sale_price
        if season.sale_price < 1:
            self._sales[days] = season.rate
