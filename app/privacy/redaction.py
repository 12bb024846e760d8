r"""Take phone numbers, ID-card numbers, bank cards and e-mail addresses out of text before it leaves the store.

Made for Chinese retail text, where `\b` finds nothing between a Han character and a digit. Matching runs on a
normalised view (NFKC, invisible characters dropped) with an index map back, so that full-width and zero-width
disguises are seen while the rest of the text stays as it was written. Order and parcel numbers survive.

Not covered: names, street addresses, landlines, mail addresses outside ASCII.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

_GAP = r"[ \t\-.·_/()~—–]{0,3}"
_PHONE = re.compile(rf"(?<!\d)(?<!\d\.)(?:(?:\+|00)?86{_GAP})?(1{_GAP}[3-9](?:{_GAP}\d){{9}})(?!\d)")
_ID_CARD = re.compile(rf"(?<!\d)([1-8]\d(?:{_GAP}\d){{15}}{_GAP}[\dXx])(?![\dA-Za-z])")
_BANK_CARD = re.compile(rf"(?<!\d)(?<!\d\.)((?:62|4|5|35|37|60|955[89])(?=\d\d)(?:{_GAP}\d){{12,18}})(?!\d)")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]++@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z])"
)
_MARKS = frozenset(("[phone]", "[id]", "[card]", "[email]"))
_SPOKEN_DIGITS = str.maketrans("零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")

_NUMBER_LABEL = re.compile(
    r"(?:(?:订单|运单|快递|物流|交易|流水|取件|编|单)(?:编?号码?|编码|码)"
    r"|(?:order|tracking|waybill|parcel|invoice)\s*(?:no\.?|number|id|#)"
    r"|(?<![A-Za-z])(?:JD|SF|YT|ZTO|STO|EMS|SKU))"
    r"[\s:：#是为\-_]{0,6}\Z",
    re.IGNORECASE,
)
"""Text that ends like this announces an order or parcel number, whatever the number looks like."""
_ORDER_OR_CARD = re.compile(
    r"(?P<order>订单|运单|单号|快递|物流|流水号|交易号|order|tracking|waybill|parcel|invoice)"
    r"|卡|账[号户]|card|account",
    re.IGNORECASE,
)
_CONTEXT = 24
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def redact(text: str) -> str:
    """`text` with every personal number and address replaced by `[phone]`, `[id]`, `[card]` or `[email]`.

    Idempotent: replacing one number can change the context of the next, so this runs until nothing is found. Each
    round removes at least one digit or @, so it ends.
    """
    while spans := _spans(text):
        text = _replaced(text, spans)
    return text


def is_redacted(text: str) -> bool:
    """Whether `text` is nothing but the mark of a personal number or address."""
    return text in _MARKS


def masked_in(text: str, pattern: re.Pattern[str], mark: str) -> str:
    """`text` with `mark` for all that `pattern` finds, full-width and zero-width disguises included."""
    spans = list(_scan(view := _view(text), view.text, pattern, re.Match.end, mark))
    return _replaced(text, spans)


class _View(NamedTuple):
    """Normalised text; `origin[i]` is where its i-th character stands in the text as written."""

    text: str
    origin: range | list[int]


class _Span(NamedTuple):
    start: int
    end: int
    mark: str


Fits = Callable[[re.Match[str]], int]
"""Where in the text the personal number in a match ends; 0 when it is none."""


def _spans(text: str) -> list[_Span]:
    """What to replace in `text`, left to right, without overlaps (the longest of those that start first wins)."""
    found: list[_Span] = []
    for span in sorted(_found(_view(text)), key=lambda s: (s.start, -s.end)):
        if not found or span.start >= found[-1].end:
            found.append(span)
    return found


def _replaced(text: str, spans: list[_Span]) -> str:
    pieces, position = [], 0
    for span in spans:
        pieces += [text[position : span.start], span.mark]
        position = span.end
    return "".join([*pieces, text[position:]])


def _view(text: str) -> _View:
    if text.isascii():
        return _View(text, range(len(text)))
    pieces = [_normalised(character) for character in text]
    origin = [index for index, piece in enumerate(pieces) for _ in piece]
    return _View("".join(pieces), origin)


@lru_cache(maxsize=4096)
def _normalised(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""
    return unicodedata.normalize("NFKC", character)


def _found(view: _View) -> Iterator[_Span]:
    yield from _scan(view, view.text, _EMAIL, re.Match.end, "[email]")
    yield from _scan(view, view.text, _ID_CARD, _id_card_end, "[id]")
    yield from _scan(view, view.text, _BANK_CARD, _bank_card_end, "[card]")
    yield from _scan(view, view.text, _PHONE, _phone_end, "[phone]")
    spoken = view.text.translate(_SPOKEN_DIGITS)
    if spoken != view.text:
        yield from _scan(view, spoken, _PHONE, _phone_end, "[phone]")


def _scan(view: _View, text: str, pattern: re.Pattern[str], fits: Fits, mark: str) -> Iterator[_Span]:
    """All that `pattern` and `fits` agree on. A refused match is searched again from its second character."""
    position = 0
    while match := pattern.search(text, position):
        end = fits(match)
        if end:
            yield _Span(view.origin[match.start()], view.origin[end - 1] + 1, mark)
        position = end or match.start() + 1


def _phone_end(match: re.Match[str]) -> int:
    """Mobile numbers are written in one piece, in up to three groups, or digit by digit."""
    groups = re.findall(r"\d+", match[1])
    written_so = len(groups) <= 3 or len(groups) == 11
    return match.end() if written_so and not _NUMBER_LABEL.search(_before(match)) else 0


def _id_card_end(match: re.Match[str]) -> int:
    """GB 11643: province, a date of birth that exists, and the ISO 7064 MOD 11-2 check character."""
    number = re.sub(r"[^\dXx]", "", match[1]).upper()
    if not _PROVINCES.match(number) or not _is_date(number[6:14]):
        return 0
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    return match.end() if "10X98765432"[total % 11] == number[17] else 0


def _is_date(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1880
    except ValueError:
        return False


def _bank_card_end(match: re.Match[str]) -> int:
    """16 to 19 digits with a Luhn check, ending where a group of digits ends, and not called an order number."""
    ends = [match.start(1) + last.start() + 1 for last in re.finditer(r"\d(?!\d)", match[1])]
    for end in reversed(ends):
        digits = re.sub(r"\D", "", match.string[match.start(1) : end])
        if 16 <= len(digits) <= 19 and _passes_luhn(digits):
            return 0 if _is_order_number(_before(match)) else end
    return 0


def _passes_luhn(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_LUHN_DOUBLED[value] for value in values[1::2])) % 10 == 0


def _is_order_number(before: str) -> bool:
    if _NUMBER_LABEL.search(before):
        return True
    words = list(_ORDER_OR_CARD.finditer(before))
    return bool(words) and words[-1]["order"] is not None


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _CONTEXT) : match.start()]
