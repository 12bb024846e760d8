"""One pair in tokens, cut so that its claims can be shown in any order. Plain Python: it knows no tokenizer.

Every time a lesson is drawn its claims stand in a new order, so that no answer can be learned by heart.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from evals.train.packing import Example

Tokens = tuple[int, ...]


class Words(NamedTuple):
    """The tokens that every answer is made of."""

    numbers: Tokens
    """`numbers[i]` is the one token of the number i + 1."""
    opening: Tokens
    comma: Tokens
    closing: Tokens


class Lesson(NamedTuple):
    """A question about claims, and which of them are told."""

    opening: Tokens
    """Everything before the number of the first claim."""
    lines: tuple[Tokens, ...]
    """What follows each claim's number, up to and with its line break."""
    closing: Tokens
    """Everything after the last claim."""
    told: tuple[int, ...]
    """Indices of `lines` in telling order."""
    kinds: tuple[int, ...]
    """What kind of claim each line holds."""

    @property
    def size(self) -> int:
        """Tokens of its lines: what it costs beyond what all lessons share."""
        return sum(map(len, self.lines))


def in_order(lesson: Lesson, order: Sequence[int], words: Words) -> Example:
    """The example that shows the lines in this `order`, numbered from 1, and names those told by their numbers."""
    question, ends = list(lesson.opening), list[int]()
    for number, line in zip(words.numbers, order, strict=False):
        question += (number, *lesson.lines[line])
        ends.append(len(question) - 1)
    place = {line: i for i, line in enumerate(order)}
    answer, named = list(words.opening), list[int]()
    for line in lesson.told:
        named.append(len(answer))
        answer += (words.numbers[place[line]], *words.comma)
    answer[len(answer) - len(words.comma) :] = words.closing
    return Example(
        question=(*question, *lesson.closing),
        answer=tuple(answer),
        ends=tuple(ends),
        kinds=tuple(lesson.kinds[line] for line in order),
        named=tuple(named),
        named_kinds=tuple(lesson.kinds[line] for line in lesson.told),
    )


def as_shown(lesson: Lesson, words: Words) -> Example:
    """The lesson as it lies in its file."""
    return in_order(lesson, range(len(lesson.lines)), words)


def shuffled(lesson: Lesson, words: Words, chance: random.Random) -> Example:
    """The lesson with its claims in a new order."""
    return in_order(lesson, chance.sample(range(len(lesson.lines)), len(lesson.lines)), words)
