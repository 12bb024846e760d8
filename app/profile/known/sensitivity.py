"""What may be written about nobody, whoever says so: the closed list of the taxonomy, and children as customers."""

import re
from datetime import date, datetime

from app.text.taxonomy import Taxonomy

OF_AGE = 18
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AGE = frozenset(("age", "年龄", "customer age", "user age"))
_BIRTH = frozenset(
    ("birthday", "birth date", "birthdate", "date of birth", "dob", "birth year", "生日", "出生日期", "出生年份")
)
_MINOR = frozenset(("minor", "is minor", "underage", "is underage", "under age", "child account", "未成年"))
_NUMBER = re.compile(r"\s*(\d{1,3})(?:\.\d+)?\s*(?:岁|years?(?: old)?)?\s*", re.IGNORECASE)
_YEAR = re.compile(r"\s*((?:18|19|20)\d\d)(?:\D{0,2}(\d{1,2}))?(?:\D{0,2}(\d{1,2}))?(?!\d)")
_NO = frozenset(("", "false", "0", "no", "n", "否"))


def may_be_kept(taxonomy: Taxonomy, name: str, value: str, at: datetime, quote: str = "") -> bool:
    """Whether an attribute may be written: it touches nothing on the closed list and speaks of no child as customer."""
    plain = words_of(name)
    if taxonomy.forbidden_name(plain):
        return False
    return not taxonomy.forbidden_in(f"{plain} {value} {quote}") and not _speaks_of_a_minor(plain.casefold(), value, at)


def words_of(name: str) -> str:
    """A name as words: `isPregnant` and `is_pregnant` are `is Pregnant` and `is pregnant`."""
    return _CAMEL.sub(" ", name).replace("_", " ").replace("-", " ").strip()


def _speaks_of_a_minor(name: str, value: str, at: datetime) -> bool:
    if name in _MINOR:
        return value.strip().casefold() not in _NO
    if name in _AGE:
        said = _NUMBER.fullmatch(value)
        return said is not None and int(said[1]) < OF_AGE
    return name in _BIRTH and _born_less_than_18_years_before(value, at.date())


def _born_less_than_18_years_before(value: str, day: date) -> bool:
    """A year alone is read as its beginning: somebody who may just be of age is not called a child."""
    said = _YEAR.match(value)
    if said is None:
        return False
    born = (int(said[1]), int(said[2] or 1), int(said[3] or 1))
    return born > (day.year - OF_AGE, day.month, day.day)
