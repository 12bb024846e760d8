"""Stable codes for why a record could not be used. Words may be bettered; programs and counters go by the code."""

import re

CONFLICT = "conflict"
"""The message id is known with another content."""

_CODES: tuple[tuple[str, str], ...] = (
    (CONFLICT, r"same message id with another content"),
    ("time_unset", r"time before 1990"),
    ("time_future", r"time more than a day in the future"),
    ("time_ambiguous", r"ambiguous time"),
    ("time_missing", r"missing time"),
    ("clock_off", r"clock off by"),
    ("time_unreadable", r"not a time|time out of range"),
    ("no_identifier", r"no usable identifier"),
    ("bad_identifier", r"bad identifier type|identifier too long"),
    ("missing_field", r"empty field|missing (message id|kind)"),
    ("missing_amount", r"missing amount"),
    ("negative_amount", r"negative amount|amount out of range: -"),
    ("amount_out_of_range", r"amount out of range"),
    ("wrong_currency", r"wrong currency"),
    ("not_a_number", r"not a number|property is not a finite number"),
    ("reserved_kind", r"reserved kind"),
    ("bad_name", r"bad \w+: longer than"),
    ("bad_properties", r"properties cannot be kept"),
    ("bad_text", r"text holds NUL"),
    ("unclear_consent", r"consent neither granted nor refused"),
    ("broken_row", r"broken (CSV|JSON)|wrong number of columns|not a JSON object|unreadable"),
)
_MATCHERS = tuple((code, re.compile(pattern)) for code, pattern in _CODES)

OTHER = "other"
"""A reason without a code of its own, such as a wrong field of a posted event."""
CODES = (*(code for code, _ in _CODES), OTHER)
"""Every code there is."""


def code_of(reason: str) -> str:
    """The code of a reason in words, as quarantine and reports keep it."""
    return next((code for code, matcher in _MATCHERS if matcher.match(reason)), OTHER)
