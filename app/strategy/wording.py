"""What strategies say, from wording/zh.yaml and wording/en.yaml: one code path, two files."""

from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import assert_never

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision

from app.llm.ladder import Rung
from app.retrieval.schemas import Channel, Offer, OfferType
from app.schema import Frozen, Lang
from app.strategy.gate.schemas import Amount, Fact, Firing, Named, Rule, Share
from app.strategy.schemas import RuleFired

_LOCALES: dict[Lang, str] = {"zh": "zh_CN", "en": "en_GB"}


class IdeaWording(Frozen):
    """Ways to say one idea; the composer picks one per customer."""

    titles: tuple[str, ...]
    drafts: tuple[str, ...] = ()
    plain_titles: tuple[str, ...] = ()
    """Where no topic can be named; without any, the titles name none."""
    plain: tuple[str, ...] = ()
    """Drafts that name no topic."""

    def ways(self, *, with_topic: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Titles and drafts that name a topic where there is one."""
        if with_topic and self.drafts:
            return self.titles, self.drafts
        return self.plain_titles or self.titles, self.plain


class Wording(Frozen):
    """One language's file."""

    separator: str
    """Between words of a list."""
    clauses: str
    """Between clauses."""
    weekdays: tuple[str, ...]
    channels: dict[Channel, str]
    ideas: dict[str, IdeaWording]
    signatures: dict[Channel, str]
    """What a message begins with, where something is asked for."""
    unsubscribe: dict[Channel, str]
    """What a message ends with, where a way out must be named."""
    frames: dict[Channel, str]
    baskets: dict[str, str]
    """What an offer is for: `any` order, or one of `least` so much."""
    offers: dict[OfferType, str]
    days: dict[str, str]
    """How long an offer holds: `one` day, or `many`."""
    rules: dict[Rule, str]
    timing: dict[str, str]
    day: str
    """Pattern of a date, for a moment that is more than a day away."""
    month: str
    """Pattern of a month, for what lies back."""
    metric: str
    reasons: dict[str, str]
    passed_over: dict[str, str]
    """Why something that is expected to bring more than the choice was not chosen."""
    risks: dict[str, str]
    why: dict[str, str]
    ai_label: dict[Rung, str]
    cases: dict[str, str]
    """A past arm in one sentence, by what it did, and the words for its offer and kind of evidence."""
    rationale: dict[str, str]
    """What a rationale says beside claims and cases."""
    paths: dict[str, str]
    """Actions by name, what their paths stand on, and what a reader should know."""
    batch: dict[str, str]
    """Why somebody of a segment gets nothing, and what a plan stands on."""
    acting: dict[str, str]
    """Why somebody is on the queue or waits, and what the thresholds assume."""


@cache
def _locale(lang: Lang) -> Locale:
    """Read once: by its name Babel looks a locale up among all of them, for every amount."""
    return Locale.parse(_LOCALES[lang])


@cache
def wording(lang: Lang) -> Wording:
    """The wording of a language, read once."""
    text = (Path(__file__).parent / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))


def money(amount_minor: float, currency: str, lang: Lang) -> str:
    """An amount as people write it; no decimals when it is whole."""
    digits = get_currency_precision(currency)
    amount = Decimal(round(amount_minor)) / 10**digits
    whole = amount == amount.to_integral_value()
    return format_currency(
        amount,
        currency,
        format="¤#,##0" if whole else None,
        locale=_locale(lang),
        currency_digits=not whole,
    )


def day_of(day: date, lang: Lang) -> str:
    """A local date with its weekday."""
    return format_date(day, wording(lang).day, locale=_locale(lang))


def month_of(day: date, lang: Lang) -> str:
    """A month with its year."""
    return format_date(day, wording(lang).month, locale=_locale(lang))


def percent(share: float) -> str:
    """A share in percent, with one decimal where it has one."""
    return f"{share * 100:.1f}".removesuffix(".0") + "%"


def say_offer(offer: Offer | None, currency: str, lang: Lang) -> str:
    """The clause that names an offer; empty without one."""
    if offer is None:
        return ""
    words = wording(lang)
    threshold = money(offer.threshold_minor, currency, lang)
    return words.offers[offer.type].format(
        amount=money(offer.amount_minor, currency, lang),
        basket=words.baskets["least" if offer.threshold_minor else "any"].format(threshold=threshold),
        days=words.days["one" if offer.expires_in == 1 else "many"].format(days=offer.expires_in),
    )


def say_rule(firing: Firing, currency: str, lang: Lang) -> RuleFired:
    """The sentence for a rule that fired."""
    facts = {name: _say_fact(fact, currency, lang) for name, fact in firing.facts.items()}
    return RuleFired(rule=firing.rule.value, effect=wording(lang).rules[firing.rule].format(**facts))


def _say_fact(fact: Fact, currency: str, lang: Lang) -> str:
    match fact:
        case Amount():
            return money(fact.minor, currency, lang)
        case tuple():
            return wording(lang).separator.join(_say_word(word, lang) for word in fact)
        case Share():
            return percent(fact.value)
        case Named():
            return _say_word(fact, lang)
        case datetime() | time():
            return f"{fact:%H:%M}"
        case date():
            return day_of(fact, lang)
        case int():
            return str(fact)
        case _:
            assert_never(fact)


def _say_word(word: Channel | Named | str, lang: Lang) -> str:
    if isinstance(word, Named):
        return word.zh if lang == "zh" else word.en
    return wording(lang).channels[word] if isinstance(word, Channel) else word
