"""What a mutation is made of: one true sentence with its claims, and the world around it."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from app.narrative.schemas import Claim, Sentence
from app.schema import Lang


class Case(NamedTuple):
    """One sentence of one customer's story, true as it stands."""

    lang: Lang
    text: str
    claims: tuple[Claim, ...]
    """What it stands on."""
    spoken: Mapping[str, str]
    """The plain sentences of all the customer's claims."""
    topics: Mapping[str, str]
    """Every topic of the shop by its name in this language."""
    titles: Sequence[str]
    """Names of the shop's products."""
    others: Sequence[Sentence]
    """Sentences of other customers in this language."""
    dice: Random

    @property
    def is_zh(self) -> bool:
        """Whether it is Chinese."""
        return self.lang == "zh"

    @property
    def facts(self) -> str:
        """All that the claims say in plain sentences: a mutation that is among it may still be true."""
        return " ".join(self.spoken[claim.claim_id] for claim in self.claims)

    def told(self, text: str) -> str:
        """What further sentence end stands after `text`."""
        return text + ("。" if self.is_zh else ".")

    @property
    def bare(self) -> str:
        """The sentence without its full stop."""
        return self.text.rstrip("。. ")


Mutation = Callable[[Case], str | None]
"""A false sentence made of a true one; None where it cannot be made, or would not surely be false."""

QUOTES = re.compile(r"[“「][^”」]*[”」]")
DATE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日|\d{1,2} [A-Z][a-z]+ \d{4}")
NUMBER = re.compile(r"(?<![\d.,])\d[\d,]*(?:\.\d+)?")


class Token(NamedTuple):
    """A number of a text: where it stands and what it says."""

    start: int
    end: int
    text: str


def numbers(text: str) -> list[Token]:
    """Numbers outside quotation marks and dates; "80%" of an interval and "out of 5" are no statements."""
    hidden = QUOTES.sub(lambda m: "#" * len(m[0]), text)
    hidden = DATE.sub(lambda m: "#" * len(m[0]), hidden)
    hidden = re.sub(r"80%|out of 5|满分5分|\d{1,2}:00", lambda m: "#" * len(m[0]), hidden)
    return [Token(match.start(), match.end(), match[0].rstrip(",")) for match in NUMBER.finditer(hidden)]


def put(text: str, token: Token, new: str) -> str:
    """The text with a number in place of another."""
    return text[: token.start] + new + text[token.start + len(token.text) :]


def kind_of(text: str, token: Token) -> str:
    """What kind of number it is, by the signs around it: equal kinds can change places."""
    after, before = text[token.start + len(token.text) :][:12], text[: token.start][-3:]
    if after.startswith("%"):
        return "%"
    if money := re.search(r"[¥£$€]\s?\Z", before):
        return money[0]
    noun = re.match(r"\s?([a-z]+?)s?\b|(\w)", after)
    return (noun[1] or noun[2]) if noun else ""


def any_case_in(text: str, words: Mapping[str, str], dice: Random) -> str | None:
    """The text with one word of `words` replaced by its counterpart; None when it has none."""
    hidden = QUOTES.sub(lambda m: "#" * len(m[0]), text)
    found = [(match, new) for old, new in words.items() for match in re.finditer(_word(old), hidden)]
    if not found:
        return None
    match, new = dice.choice(found)
    return text[: match.start()] + new + text[match.end() :]


def _word(word: str) -> str:
    return rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" if word.isascii() else re.escape(word)
