"""Seeded chance. Every draw of the simulator goes through here.

Only uniform doubles come from numpy's generator (their stream is stable across releases); every distribution is
made from them by inversion, so that the same seed gives the same bytes on every machine and numpy version.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from math import exp, fsum, log
from statistics import NormalDist
from typing import Generic, TypeVar

from numpy.random import PCG64, Generator, SeedSequence

T = TypeVar("T")

_BLOCK = 64
_STANDARD_NORMAL = NormalDist()


class Wheel(Generic[T]):
    """Weighted choices, prepared once for many draws."""

    def __init__(self, weighted: Iterable[tuple[T, float]]) -> None:
        """Weights need not sum to one; at least one must be above zero."""
        pairs = [(value, weight) for value, weight in weighted if weight > 0]
        self.values = [value for value, _ in pairs]
        self._edges = list(accumulate(weight for _, weight in pairs))

    def at(self, u: float) -> T:
        """The choice at `u`, 0 <= u < 1, of the way round."""
        return self.values[bisect_right(self._edges, u * self._edges[-1], 0, len(self.values) - 1)]


def wheel_of(weights: Mapping[T, float]) -> Wheel[T]:
    """A wheel over a mapping's keys, in the mapping's order."""
    return Wheel(weights.items())


class Dice:
    """One stream of chance, fixed by the seed and the place in the shop that uses it."""

    def __init__(self, seed: int, *place: int) -> None:
        """`place` is a SeedSequence spawn key: streams of different places are independent."""
        self._draw_block = Generator(PCG64(SeedSequence(seed, spawn_key=place))).random
        self._next: Callable[[], float] = iter(()).__next__

    def random(self) -> float:
        """Uniform in [0, 1)."""
        try:
            return self._next()
        except StopIteration:
            self._next = iter(self._draw_block(_BLOCK).tolist()).__next__
            return self._next()

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return self.random() < p

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.random()

    def whole(self, low: int, high: int) -> int:
        """Uniform integer, both ends included."""
        return low + int((high - low + 1) * self.random())

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all alike."""
        return choices[int(len(choices) * self.random())]

    def spin(self, wheel: Wheel[T]) -> T:
        """One of a wheel's choices, by weight."""
        return wheel.at(self.random())

    def log_normal(self, median: float, sigma: float) -> float:
        """exp(N(ln median, sigma^2))."""
        return median * exp(sigma * _STANDARD_NORMAL.inv_cdf(max(self.random(), 1e-12)))

    def erlang(self, shape: int) -> float:
        """Mean of `shape` standard exponentials: mean 1, variance 1/shape."""
        return -fsum(log(1.0 - self.random()) for _ in range(shape)) / shape

    def rounded(self, mean: float) -> int:
        """One of the two whole numbers beside `mean`, so that it is the mean."""
        return int(mean + self.random())

    def poisson(self, mean: float) -> int:
        """Knuth's product method; meant for small means."""
        floor, product, count = exp(-mean), self.random(), 0
        while product > floor:
            product *= self.random()
            count += 1
        return count

    def code(self, digits: int) -> str:
        """A random identifier of that many hexadecimal digits."""
        return "".join(f"{int(self.random() * 16**8):08x}" for _ in range(-(-digits // 8)))[:digits]
