"""The parts of claims in words, for both languages by the same code; only wording/*.yaml differs."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from app.narrative.formats import formats
from app.narrative.phrases import Template, phrases, wording
from app.narrative.schemas import Claim, Unit
from app.privacy.quoting import quotable
from app.schema import Lang
from app.text.taxonomy import Taxonomy


class Voice(Protocol):
    """About whom and in which shop something is said."""

    @property
    def customer_id(self) -> str:
        """The customer."""

    @property
    def as_of(self) -> datetime:
        """The moment of the reading."""

    @property
    def taxonomy(self) -> Taxonomy:
        """Names of topics and readings."""

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone."""

    def title(self, item_id: str) -> str:
        """What an item is called."""


_INSTANT: Final = timedelta(microseconds=1)
"""Periods leave their start out."""


class Speaker:
    """Says the parts of claims about one customer in one language."""

    def __init__(self, voice: Voice, lang: Lang) -> None:
        """Titles and topic names come from the voice."""
        self.voice, self.lang = voice, lang
        self.words, self.phrases, self.formats = wording(lang), phrases(lang), formats(lang)
        self._gap = "" if lang == "zh" else " "

    def fill(self, template: Template, claims: dict[str, Claim]) -> str:
        """A sentence of claims: `{name.slot}` is a part of the claim of that name."""
        return template.pattern % tuple([_SLOTS[slot](self, claims[part]) for part, slot in template.fields])

    def fill_words(self, template: Template, slots: dict[str, str]) -> str:
        """A template of single slots."""
        return template.pattern % tuple([slots[slot] for _, slot in template.fields])

    def count(self, n: float, noun: str) -> str:
        """A number with its noun or measure word."""
        if n in (named := self.words.adverbs.get(noun, {})):
            return named[int(n)]
        one, many = self.words.nouns[noun]
        return f"{self.formats.number(n)}{self._gap}{one if n == 1 else many}"

    def ago(self, days: float) -> str:
        """So many days before the moment of the reading."""
        today, before = self.words.ago
        return before.format(days=self.count(days, "day")) if days else today

    def number(self, n: float) -> str:
        """Grouped digits, at most one decimal."""
        return self.formats.number(n)

    def money(self, minor: float, currency: str) -> str:
        """An amount in its currency, from minor units."""
        return self.formats.money(minor, currency)

    def share(self, x: float) -> str:
        """Whole per cent."""
        return self.formats.share(x)

    def date(self, moment: datetime | None) -> str:
        """The local date in words."""
        return self.formats.date(moment.astimezone(self.voice.zone)) if moment else ""

    def quote(self, text: str | None) -> str:
        """Somebody else's words, between the language's quotation marks."""
        left, right = self.words.quote
        return f"{left}{quotable(text)}{right}" if text else ""

    def topic(self, topic: str | None) -> str:
        """What a topic is called."""
        return self.voice.taxonomy.name(topic, self.lang) if topic else ""

    def name(self, of: str, code: str | None) -> str:
        """A closed code in words; one that a source made up itself is quoted, as all that others wrote."""
        return self.words.names[of].get(code or "") or self.quote((code or "").replace("_", " "))

    def seconds(self, n: float) -> str:
        """A stretch of time on a page: seconds below two minutes, minutes above."""
        whole = round(n)
        return self.count(whole, "second") if whole < 120 else self.count(round(whole / 60), "minute")

    def measured(self, claim: Claim, value: float | None) -> str:
        """A value in the claim's unit."""
        if value is None:
            return self.words.unknown
        match claim.unit:
            case Unit.MONEY_MINOR:
                return self.money(value, claim.currency or "")
            case Unit.SHARE | Unit.PROBABILITY:
                return self.share(value)
            case (
                Unit.DAYS | Unit.PAGES | Unit.CHARACTERS | Unit.SECONDS
            ):  # one decimal: singular and plural go by what is shown
                return self.count(round(value, 1), _NOUNS[claim.unit])
        return self.number(value)

    def period_days(self, claim: Claim) -> float:
        """Days of a claim's period, horizon or value, whichever it has."""
        if claim.horizon_days is not None:
            return claim.horizon_days
        if claim.unit is Unit.DAYS and claim.value is not None:
            return claim.value
        if claim.period is None:
            return 0
        first, last = (at.astimezone(self.voice.zone) for at in (claim.period.start + _INSTANT, claim.period.end))
        if first.hour or first.minute:
            return round((claim.period.end - claim.period.start).total_seconds() / 86_400)
        return last.toordinal() - first.toordinal() + 1  # windows of whole local days, today included


_NOUNS = {Unit.DAYS: "day", Unit.PAGES: "page", Unit.CHARACTERS: "character", Unit.SECONDS: "second"}


def _counted(noun: str) -> Callable[[Speaker, Claim], str]:
    return lambda speaker, claim: speaker.count(claim.value or 0, noun)


def _counted_before(noun: str) -> Callable[[Speaker, Claim], str]:
    return lambda speaker, claim: speaker.count(claim.compared_to or 0, noun)


def _amount(read: Callable[[Claim], float | None]) -> Callable[[Speaker, Claim], str]:
    return lambda speaker, claim: speaker.money(read(claim) or 0, claim.currency or "")


def _score(place: int) -> Callable[[Speaker, Claim], str]:
    return lambda speaker, claim: speaker.number(claim.scores[place]) if claim.scores else speaker.words.unknown


def _reading(speaker: Speaker, claim: Claim) -> str:
    reading = speaker.voice.taxonomy.readings[claim.reading or ""]
    return reading.zh if speaker.lang == "zh" else reading.en


def _within(speaker: Speaker, claim: Claim) -> str:
    """The days of the claim's period: one, or the first and the last."""
    if claim.period is None:
        return ""
    first, last = speaker.date(claim.period.start + _INSTANT), speaker.date(claim.period.end)
    return speaker.words.when["on_day" if first == last else "between"].format(first=first, last=last)


def _detail(speaker: Speaker, claim: Claim) -> str:
    """An attribute's value: yes, no and numbers in words, a reading's own words, anything else as a quotation."""
    detail = claim.detail or speaker.words.unknown
    ours = speaker.words.names["values"].get(detail) or (detail if _is_ours(speaker, detail) else None)
    return ours or speaker.quote(detail)


def _is_ours(speaker: Speaker, detail: str) -> bool:
    """Whether a value holds no words of others: what a reading says, or a number, a day, a range."""
    readings = speaker.voice.taxonomy.readings.values()
    return detail == speaker.words.unknown or any(detail in (r.zh, r.en) for r in readings) or _is_number(detail)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d{1,4}(?:[-–./年月]\d{1,2}){0,2}[日岁+]?", text) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_SLOTS: dict[str, Callable[[Speaker, Claim], str]] = {
    "at": lambda s, c: s.date(c.at),
    "quote": lambda s, c: s.quote(c.quote),
    "topic": lambda s, c: s.topic(c.topic),
    "topic_cap": lambda s, c: _capital(s.topic(c.topic)),
    "to_topic": lambda s, c: s.topic(c.to_topic),
    "item": lambda s, c: s.quote(s.voice.title(c.item_id or "")),
    "reading": _reading,
    "spoke": lambda s, c: s.words.spoke.get(c.name or "other", s.words.spoke["other"]),
    "confidence": lambda s, c: s.share(c.confidence or 0),
    "days": lambda s, c: s.count(s.period_days(c), "day"),
    "horizon": lambda s, c: s.count(s.period_days(c), "day"),
    "within": _within,
    "ago": lambda s, c: s.ago(c.value or 0),
    "orders": _counted("order"),
    "times": _counted("time"),
    "views": _counted("view"),
    "interactions": _counted("interaction"),
    "visits": _counted("visit"),
    "events": _counted("event"),
    "count": lambda s, c: s.number(c.value or 0),
    "before": lambda s, c: s.number(c.compared_to or 0),
    "before_orders": _counted_before("order"),
    "before_interactions": _counted_before("interaction"),
    "amount": _amount(lambda c: c.value),
    "before_amount": _amount(lambda c: c.compared_to),
    "low": _amount(lambda c: c.low),
    "high": _amount(lambda c: c.high),
    "share": lambda s, c: s.share(c.value or 0),
    "weight": lambda s, c: s.number(round(c.weight or 0, 1)),
    "rating": lambda s, c: s.words.unknown if c.value is None else s.number(c.value),
    "now": lambda s, c: s.measured(c, c.value),
    "usual": lambda s, c: s.measured(c, c.compared_to),
    "size": lambda s, c: s.count(round(c.size or 0, 1), "sigma"),
    "out_of": lambda s, c: s.number(c.out_of or 0),
    "out_of_orders": lambda s, c: s.count(c.out_of or 0, "order"),
    "out_of_visits": lambda s, c: s.count(c.out_of or 0, "visit"),
    "before_out_of": lambda s, c: s.number(c.compared_out_of or 0),
    "before_out_of_visits": lambda s, c: s.count(c.compared_out_of or 0, "visit"),
    "hour": lambda s, c: s.words.when["hour"].format(hour=int(c.value or 0)),
    "weekday": lambda s, c: s.name("weekdays", str(int(c.value or 0))),
    "recency": _score(0),
    "frequency": _score(1),
    "monetary": _score(2),
    "class": lambda s, c: s.name("classes", c.name),
    "sign": lambda s, c: s.name("signs", c.name),
    "sign_cap": lambda s, c: _capital(s.name("signs", c.name)),
    "compared": lambda s, c: s.name("compared", c.name),
    "compared_cap": lambda s, c: _capital(s.name("compared", c.name)),
    "moved": lambda s, c: s.name("moved", c.name),
    "shift": lambda s, c: s.name("shifts", c.name),
    "complaint": lambda s, c: s.name("complaints", c.detail),
    "attribute": lambda s, c: s.name("attributes", c.name),
    "attribute_cap": lambda s, c: _capital(s.name("attributes", c.name)),
    "detail": _detail,
    "authority": lambda s, c: s.name("authorities", c.authority),
}
"""Slot -> how it is said; what is not asked for is not worked out."""


def amount_in_words(minor: float, currency: str, lang: Lang) -> str:
    """An amount of minor units as people write it, e.g. £1,234.50."""
    return formats(lang).money(minor, currency)
