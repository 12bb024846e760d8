"""Several questions with their answers in one row of tokens, behind one copy of the words that they all begin with.

A model that reads a row must attend within a span and to the shared beginning only (`attention.py`): then every
question is read exactly as if it stood alone, and the common part is paid for once a row.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Span = tuple[int, int]
"""First token, and the one after the last."""


class Example(NamedTuple):
    """One question with its answer, in tokens."""

    question: tuple[int, ...]
    answer: tuple[int, ...]
    ends: tuple[int, ...] = ()
    """Where the line of each claim ends in the question, in shown order."""
    kinds: tuple[int, ...] = ()
    """What kind of claim each line holds."""
    named: tuple[int, ...] = ()
    """Where in the answer a claim is named."""
    named_kinds: tuple[int, ...] = ()
    """What kind of claim is named there."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """As the model sees it."""
        return self.question + self.answer


class Row(NamedTuple):
    """Packed examples. `spans[0]` is the shared beginning, the others are the examples behind it."""

    tokens: tuple[int, ...]
    positions: tuple[int, ...]
    """Where each token stands in its own example."""
    spans: tuple[Span, ...]
    sources: tuple[int, ...]
    """Indices whose next token belongs to an answer."""
    targets: tuple[int, ...]
    """Those next tokens."""
    ends: tuple[int, ...]
    """Indices at which the lines of claims end."""
    kinds: tuple[int, ...]
    """What kind of claim each of these lines holds."""
    places: tuple[int, ...]
    """Which line of its question each of these is, from 0."""
    named: tuple[int, ...]
    """Indices of the tokens of answers that name claims."""
    named_kinds: tuple[int, ...]
    """What kind of claim each of them names."""


def shared_beginning(examples: Sequence[Example]) -> int:
    """How many tokens all questions have in common from the start; at least one token of each is left out of it."""
    first, last = min(e.question for e in examples), max(e.question for e in examples)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return min(same, min(len(e.question) for e in examples) - 1)


def rows(examples: Iterable[Example], *, shared: int, limit: int) -> Iterator[Row]:
    """The examples in order, as many a row as fit into `limit` tokens; one that is longer gets a row of its own."""
    held: list[Example] = []
    size = shared
    for example in examples:
        length = len(example.tokens) - shared
        if held and size + length > limit:
            yield row(held, shared=shared)
            held, size = [], shared
        held.append(example)
        size += length
    if held:
        yield row(held, shared=shared)


def row(examples: Sequence[Example], *, shared: int) -> Row:
    """These examples in one row."""
    tokens, positions, spans = list(examples[0].question[:shared]), list(range(shared)), [(0, shared)]
    sources, targets, ends, named = list[int](), list[int](), list[int](), list[int]()
    for example in examples:
        start = len(tokens) - shared
        sources += range(start + len(example.question) - 1, start + len(example.tokens) - 1)
        targets += example.answer
        ends += (start + end for end in example.ends)
        named += (start + len(example.question) + place for place in example.named)
        tokens += example.tokens[shared:]
        positions += range(shared, len(example.tokens))
        spans.append((start + shared, len(tokens)))
    return Row(
        tokens=tuple(tokens),
        positions=tuple(positions),
        spans=tuple(spans),
        sources=tuple(sources),
        targets=tuple(targets),
        ends=tuple(ends),
        kinds=tuple(kind for example in examples for kind in example.kinds),
        named=tuple(named),
        named_kinds=tuple(kind for example in examples for kind in example.named_kinds),
        places=tuple(place for example in examples for place in range(len(example.ends))),
    )
