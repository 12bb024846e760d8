"""Names under which sources put phone numbers, ID numbers and mail addresses: the one list, for fields and identifiers.

A name is read word by word (`shippingPhone`, `shipping_phone`, `Phone No. 2`), and its last words say what it holds:
`mobile_app` holds no number, and a `hotel` no `tel`.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

Kind = Literal["phone", "id_number", "email"]

_NUMBERED = ("", "number", "no", "num")
_PHONE = ("phone", "mobile", "tel", "telephone", "cell", "cellphone", "mobilephone", "handphone")
_ID = ("idcard", "identitycard", "citizenid", "nationalid")
_KINDS: dict[str, Kind] = {
    **{f"{name}{number}": "phone" for name in _PHONE for number in _NUMBERED},
    **{f"{name}{number}": "id_number" for name in _ID for number in _NUMBERED},
    **dict.fromkeys(("msisdn", "contactnumber", "contactno", "whatsappnumber"), "phone"),
    **dict.fromkeys(("idno", "idnum", "idnumber", "identityno", "identitynumber"), "id_number"),
    **dict.fromkeys(("email", "mail", "emailaddress", "mailaddress", "emailaddr"), "email"),
}
"""Last words of a name, written together -> what it holds."""
_THINGS = frozenset(
    ("headphone", "earphone", "microphone", "smartphone", "iphone", "saxophone", "megaphone", "automobile", "tmobile")
)
"""They end like a name of a number and are none."""
_IN_ONE_WORD = re.compile(r"(?:phone|mobile)(?:number|no|num)?$|(?P<email>email(?:addr|address)?)$")
"""The end of a word that is written together, such as `homephone`."""
_CHINESE = re.compile(
    r"(?P<phone>(?:手机|电话|联系方式|手機|電話)(?:号|号码|號|號碼)?)|(?P<id_number>(?:身份证|身份證)(?:件?号码?|號碼?)?)"
    r"|(?P<email>(?:邮箱|电子邮件|郵箱)(?:地址)?)"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_MARKS = re.compile(r"\[(?:phone|id|card|email)\]")
"""What stands for a number that was itself a name."""
_MOST_WORDS = 4
SHORT = 64
"""Characters of a name that is remembered."""


def personal_kind(name: str) -> Kind | None:
    """What a field of this name holds, by the end of the name; None when that is no personal number or address."""
    return _remembered(name)[0] if len(name) <= SHORT else _read(name)[0]


def own_kind(name: str) -> Kind | None:
    """The same for the whole name alone: a `shippingPhone` may be another person's."""
    return _remembered(name)[1] if len(name) <= SHORT else None


@lru_cache(maxsize=4_096)
def _remembered(name: str) -> tuple[Kind | None, Kind | None]:
    return _read(name)


def _read(name: str) -> tuple[Kind | None, Kind | None]:
    """The kind by the end of the name, and by the whole of it."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", name))
    words = [word.lower() for word in _WORDS.findall(plain)]
    if not words:
        return None, None
    words[-1] = re.sub(r"(?<=[^s])s$", "", words[-1])
    ends = ["".join(words[-count:]) for count in range(1, min(_MOST_WORDS, len(words)) + 1)]
    if not _THINGS.isdisjoint(ends):
        return None, None
    by_end = next((_KINDS[end] for end in ends if end in _KINDS), None) or _in_one_word(words[-1])
    whole = "".join(words)
    return by_end, _KINDS.get(whole) or _chinese(whole)


def _in_one_word(word: str) -> Kind | None:
    if found := _IN_ONE_WORD.search(word):
        return "email" if found["email"] else "phone"
    return next((kind for start in range(len(word)) if (kind := _chinese(word[start:]))), None)


def _chinese(word: str) -> Kind | None:
    found = None if word.isascii() else _CHINESE.fullmatch(word)
    if found is None:
        return None
    return "phone" if found["phone"] else "email" if found["email"] else "id_number"
