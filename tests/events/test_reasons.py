import pytest

from app.errors import InvalidInput
from app.events.intake import accept
from app.events.reasons import CODES, OTHER, code_of
from tests.factories import an_incoming, an_intake


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("time_unset", {"occurred_at": 0}),
        ("time_future", {"occurred_at": "2098-01-01"}),
        ("time_ambiguous", {"occurred_at": "03/04/2026"}),
        ("time_unreadable", {"occurred_at": "soon"}),
        ("time_unreadable", {"occurred_at": 1e300}),
        ("clock_off", {"clock_correction_ms": 10**12}),
        ("no_identifier", {"identifiers": {"user_id": "null"}}),
        ("bad_identifier", {"identifiers": {"Two words": "x"}}),
        ("bad_identifier", {"identifiers": {"user_id": "x" * 300}}),
        ("missing_field", {"message_id": ""}),
        ("negative_amount", {"amount_minor": -5}),
        ("amount_out_of_range", {"amount_minor": 10**18}),
        ("wrong_currency", {"amount_minor": 5, "currency": "USD"}),
        ("not_a_number", {"properties": {"x": float("inf")}}),
        ("reserved_kind", {"kind": "decision"}),
        ("bad_name", {"item_id": "x" * 600}),
        ("bad_text", {"text": "a\x00b"}),
        ("unclear_consent", {"kind": "consent", "properties": {"granted": "perhaps"}}),
    ],
)
def test_every_refusal_of_an_event_has_its_code(code: str, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        accept(an_incoming(**changes), an_intake())  # type: ignore[arg-type]
    assert code_of(str(refused.value)) == code


def test_codes_are_unique_and_an_unknown_reason_has_one_too() -> None:
    assert len(set(CODES)) == len(CODES)
    assert code_of("wrong field: Expected `str`, got `int`") == OTHER
