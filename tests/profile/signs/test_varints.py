import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profile.signs.varints import first_row, packed, unpacked, unzigzag, zigzag

ROWS = st.lists(st.lists(st.integers(0, 2**62), min_size=5, max_size=5), max_size=20)


@given(ROWS)
def test_rows_come_back_as_they_were(rows: list[list[int]]) -> None:
    data = b"".join(map(packed, rows))
    assert unpacked(data, 5).tolist() == rows
    assert not rows or first_row(data, 5) == (rows[0], len(packed(rows[0])))


@given(st.integers(-(2**61), 2**61))
def test_negative_numbers_come_back_as_well(number: int) -> None:
    assert zigzag(number) >= 0
    assert unzigzag(zigzag(number)) == number


def test_small_numbers_take_a_byte_each() -> None:
    assert len(packed([0, 1, 127])) == 3
    assert len(packed([128])) == 2


def test_half_a_row_is_an_error() -> None:
    with pytest.raises(ValueError, match="fewer than 3"):
        first_row(packed([1, 2]), 3)
