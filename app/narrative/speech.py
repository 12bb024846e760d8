"""Numbers, dates and nouns in words, for both languages by the same code; only wording/*.yaml differs.

Formatting is Babel's (CLDR), so money, dates and grouping follow each language's own rules.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from app.narrative.book import Book
from app.narrative.schemas import Claim, Unit
from app.schema import Frozen, Lang


class Wording(Frozen):
    """One language's wording file."""

    locale: str
    quote: tuple[str, str]
    unknown: str
    nouns: dict[str, tuple[str, str]]
    ago: tuple[str, str]
    """The same day, and a pattern for `days` before."""
    spoke: dict[str, str]
    """Kind of event -> how its words were said; `other` for the rest."""
    adverbs: dict[str, dict[int, str]]
    """Noun -> small counts that have a word of their own, such as `once`."""
    sentences: dict[str, tuple[str, ...]]
    plain: dict[str, str]


@cache
def wording(lang: Lang) -> Wording:
    """The wording file of a language, read once."""
    text = (resources.files("app.narrative") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))


@cache
def locale(lang: Lang) -> Locale:
    """Babel's locale of a language; parsing its name anew for every number costs more than formatting it."""
    return Locale.parse(wording(lang).locale)


class Slots(dict[str, str]):
    """What a sentence may say of one claim; `{claim.slot}` in a template reads from here."""

    def __getattr__(self, name: str) -> str:
        """`slots.name` for templates; an unknown name is an error in the wording file."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Speaker:
    """Says the parts of claims about one customer in one language."""

    def __init__(self, book: Book, lang: Lang) -> None:
        """Titles and topic names come from the book."""
        self.book, self.lang, self.wording = book, lang, wording(lang)

    def slots(self, claim: Claim) -> Slots:
        """All parts of a claim that can be said."""
        said = Slots(at=self.date(claim.at), quote=self.quote(claim.quote))
        said |= self._value(claim)
        if claim.topic:
            name = self.book.taxonomy.name(claim.topic, self.lang)
            said |= {"topic": name, "topic_cap": name[:1].upper() + name[1:]}
        if claim.item_id:
            said["item"] = self.quote(self.book.title(claim.item_id))
        if claim.reading:
            reading = self.book.taxonomy.readings[claim.reading]
            said["reading"] = reading.zh if self.lang == "zh" else reading.en
            kind = self.book.by_id[claim.evidence[0]].kind
            said["spoke"] = self.wording.spoke.get(kind, self.wording.spoke["other"])
        if claim.confidence is not None:
            said["confidence"] = self.share(claim.confidence)
        return said

    def _value(self, claim: Claim) -> dict[str, str]:
        said: dict[str, str] = {}
        if claim.period:
            days = round((claim.period.end - claim.period.start).total_seconds() / 86_400)
            said |= {"days": self.count(days, "day")}
            first = claim.period.start + timedelta(microseconds=1)  # periods leave their start out
            said |= {"from": self.date(first), "to": self.date(claim.period.end)}
        if claim.horizon_days is not None:
            said |= {"days": self.count(claim.horizon_days, "day"), "horizon": self.count(claim.horizon_days, "day")}
        value = claim.value
        match claim.unit:
            case Unit.COUNT if value is not None:
                nouns = {"orders": "order", "times": "time", "views": "view", "interactions": "interaction"}
                said |= {slot: self.count(value, noun) for slot, noun in nouns.items()}
                said |= {"count": self.number(value), "before": self.number(claim.compared_to or 0)}
                said |= {f"before_{s}": self.count(claim.compared_to or 0, noun) for s, noun in nouns.items()}
            case Unit.MONEY_MINOR if value is not None and claim.currency:
                said |= {"amount": self.money(value, claim.currency)}
                said |= {"before_amount": self.money(claim.compared_to or 0, claim.currency)}
                said |= {"low": self.money(claim.low or 0, claim.currency)}
                said |= {"high": self.money(claim.high or 0, claim.currency)}
            case Unit.DAYS if value is not None:
                said |= {"days": self.count(value, "day"), "ago": self.ago(value)}
            case Unit.SHARE | Unit.PROBABILITY if value is not None:
                said |= {"share": self.share(value)}
            case Unit.RATING:
                said |= {"rating": self.wording.unknown if value is None else self.number(value)}
        return said

    def count(self, n: float, noun: str) -> str:
        """A number with its noun or measure word."""
        if n in (named := self.wording.adverbs.get(noun, {})):
            return named[int(n)]
        one, many = self.wording.nouns[noun]
        gap = "" if self.lang == "zh" else " "
        return f"{self.number(n)}{gap}{one if n == 1 else many}"

    def ago(self, days: float) -> str:
        """So many days before the moment of the reading."""
        today, before = self.wording.ago
        return before.format(days=self.count(days, "day")) if days else today

    def number(self, n: float) -> str:
        """Grouped digits, at most one decimal."""
        return str(format_decimal(Decimal(str(n)), format="#,##0.#", locale=locale(self.lang)))

    def money(self, minor: float, currency: str) -> str:
        """An amount in its currency, from minor units."""
        return amount_in_words(minor, currency, self.lang)

    def share(self, x: float) -> str:
        """Whole per cent; small but real shares are not rounded to nothing, nor nearly all to everything."""
        if 0 < x < 0.005:
            return "<1%"
        if 0.995 <= x < 1:
            return ">99%"
        return str(format_percent(x, format="0%", locale=locale(self.lang)))

    def date(self, moment: datetime | None) -> str:
        """The local date in words."""
        if moment is None:
            return ""
        pattern = "y年M月d日" if self.lang == "zh" else "d MMMM y"
        return str(format_date(moment.astimezone(self.zone).date(), pattern, locale=locale(self.lang)))

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone."""
        return self.book.zone

    def quote(self, text: str | None) -> str:
        """Somebody else's words, between the language's quotation marks."""
        left, right = self.wording.quote
        return f"{left}{text}{right}" if text else ""


def amount_in_words(minor: float, currency: str, lang: Lang) -> str:
    """An amount of minor units as people write it, e.g. £1,234.50."""
    major = Decimal(round(minor)) / 10 ** get_currency_precision(currency)
    return str(format_currency(major, currency, locale=locale(lang)))


def fill(template: str, values: dict[str, Any]) -> str:
    """Put slots into a template of our own wording files. Values are never read as templates."""
    return template.format_map(values)
