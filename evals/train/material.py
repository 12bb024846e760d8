"""Pairs from their files into tokens, with a tokenizer that is learned from them. Runs in .venv-vllm."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from transformers import PreTrainedTokenizerFast

from evals.train.architecture import END, train_tokenizer
from evals.train.lessons import Lesson, Tokens, Words, as_shown
from evals.train.packing import shared_beginning

MOST = 99
"""Numbers that are one token each."""
LABELS = " ".join(f"{n}." for n in range(1, MOST + 1))
"""Shown to the tokenizer until every number of a claim is one token: then naming a claim is copying one token."""
ENOUGH = 4000
"""Pairs that the tokenizer is learned from."""
_NUMBERED = re.compile(r"^(\d+)(\. .*\n)", re.MULTILINE)

Encode = Callable[[str], Tokens]


class Text(NamedTuple):
    """One pair as it lies in the file."""

    system: str
    user: str
    answer: str
    kinds: tuple[str, ...]


class Material(NamedTuple):
    """All that is learned from and measured on."""

    tokenizer: PreTrainedTokenizerFast
    words: Words
    lessons: list[Lesson]
    held_out: list[Lesson]
    kinds: int
    """How many kinds of claims there are."""
    shared: int
    """Tokens that all questions begin with."""


def read_material(pairs: Path, held_out: Path, *, vocabulary: int) -> Material:
    """Both files in tokens of a vocabulary that is learned from the first."""
    texts, others = _texts(pairs), _texts(held_out)
    tokenizer = _tokenizer(texts, vocabulary)
    kinds = sorted({kind for text in (*texts, *others) for kind in text.kinds})
    encode = cache(lambda said: tuple(tokenizer.encode(said, add_special_tokens=False)))
    words = Words(
        numbers=tuple(token for n in range(1, MOST + 1) for token in encode(str(n))),
        opening=encode('{"claims":['),
        comma=encode(","),
        closing=encode(f"]}}{END}"),
    )
    lessons, measured = ([_lesson(text, tokenizer, encode, kinds) for text in some] for some in (texts, others))
    shared = shared_beginning([as_shown(lesson, words) for lesson in (*lessons, *measured)])
    return Material(tokenizer, words, lessons, measured, len(kinds), shared)


def _texts(path: Path) -> list[Text]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Text(**{name: pair[name] for name in Text._fields}) for pair in map(json.loads, lines)]


def _tokenizer(texts: Sequence[Text], vocabulary: int) -> PreTrainedTokenizerFast:
    some = texts[:: max(len(texts) // ENOUGH, 1)]
    said: Iterable[str] = (part for text in some for part in (text.system, text.user, text.answer))
    return train_tokenizer([*said, *[LABELS] * 200], vocabulary, digits=2)


def _lesson(text: Text, tokenizer: PreTrainedTokenizerFast, encode: Encode, kinds: Sequence[str]) -> Lesson:
    """Cut at the numbers, where the tokenizer cuts as well."""
    messages = [{"role": "system", "content": text.system}, {"role": "user", "content": text.user}]
    asked = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    found = list(_NUMBERED.finditer(asked, asked.index(text.user)))
    return Lesson(
        opening=encode(asked[: found[0].start()]),
        lines=tuple(encode(line[2]) for line in found),
        closing=encode(asked[found[-1].end() :]),
        told=tuple(number - 1 for number in json.loads(text.answer)["claims"]),
        kinds=tuple(map(kinds.index, text.kinds)),
    )
