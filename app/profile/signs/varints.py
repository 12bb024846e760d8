"""Rows of whole numbers packed as varints (LEB128, seven bits a byte, lowest first): small numbers take one byte."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
N = TypeVar("N", int, Ints)

_MORE = 0x80
_BITS = 7


def packed(numbers: Sequence[int]) -> bytes:
    """The numbers, none of them negative, one after the other."""
    if max(numbers) < _MORE:  # by far the commonest, and one step
        return bytes(numbers)
    out: list[int] = []
    for number in numbers:
        while number >= _MORE:
            out.append(number & (_MORE - 1) | _MORE)
            number >>= _BITS
        out.append(number)
    return bytes(out)


def unpacked(data: bytes, width: int) -> Ints:
    """[rows, width] the numbers again; each below 2^63."""
    coded = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(coded < _MORE)
    starts = np.concatenate(([0], ends[:-1] + 1)) if ends.size else ends
    place = np.arange(coded.size) - np.repeat(starts, ends - starts + 1)
    shares = (coded & (_MORE - 1)).astype(np.int64) << (_BITS * place)
    sums = np.add.reduceat(shares, starts) if ends.size else shares
    return np.asarray(sums.reshape(-1, width))


def first_row(data: bytes, width: int) -> tuple[list[int], int]:
    """The first numbers, and how many bytes they take; cheaper than `unpacked` for one row."""
    numbers, number, place = list[int](), 0, 0
    for size, byte in enumerate(data, start=1):
        number |= (byte & (_MORE - 1)) << place
        place += _BITS
        if byte < _MORE:
            numbers.append(number)
            if len(numbers) == width:
                return numbers, size
            number = place = 0
    raise ValueError(f"fewer than {width} numbers")


def zigzag(number: int) -> int:
    """A number that may be negative as one that is not: 0, -1, 1, -2 ... are 0, 1, 2, 3 ..."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unzigzag(number: N) -> N:
    """The number again, or an array of them."""
    return (number >> 1) ^ -(number & 1)
