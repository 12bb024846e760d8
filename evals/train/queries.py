"""`python -m evals.train.queries`: word lists -> the weights that tell broad queries from narrow ones.

Seconds on a CPU, numpy alone. Queries are put together at random from knowledge_base/queries.yaml and the products of
vocabulary.yaml, and a logistic regression is fitted to them with a ridge (Hoerl and Kennard 1970, Ridge regression):
minimise sum_i log(1 + exp(-y_i w.x_i)) / n + ridge |w|^2, x_i the grams of query i. A part of the grams is hidden, so
that the weights do not lean on single words.
"""

import argparse
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from app.text.normalise import normalise
from app.text.queries import UNKNOWN, dump, grams, known

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = ROOT / "knowledge_base"
NOTHING = "nothing"
SCALE = 100
"""Weights are kept as whole hundredths."""
LEAST = 10
"""Queries that a gram must stand in."""

HIDDEN = 0.1
"""Of the grams of a query."""

Lists = dict[str, list[str]]
Floats = NDArray[np.float64]
Table = NDArray[np.int64]


class Words(NamedTuple):
    """What one language's queries are put together from."""

    of: Lists
    things: list[str]
    categories: list[str]
    """Names of things that stand in longer names of things: whole categories."""


class Query(NamedTuple):
    """A text and whether it is broad."""

    text: str
    broad: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Put queries together, fit, write."""
    given = _parser().parse_args(arguments)
    lists, vocabulary = ((KNOWLEDGE / name).read_text("utf-8") for name in ("queries.yaml", "vocabulary.yaml"))
    weights = fit(made(lists, vocabulary, given.queries, given.seed), given.ridge, given.steps, given.seed)
    words = hashlib.sha256((lists + vocabulary).encode()).hexdigest()[:12]
    trained = {"words": words, "seed": given.seed, "queries": given.queries, "ridge": given.ridge}
    given.out.write_text(dump(weights, trained), encoding="utf-8")
    print(f"{len(weights)} weights")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.train.queries", description="Train what is broad.")
    parser.add_argument("--out", type=Path, default=KNOWLEDGE / "query_weights.json", help="file to write")
    parser.add_argument("--queries", type=int, default=12_000, help="of each language and kind")
    parser.add_argument("--ridge", type=float, default=2e-5, help="strength of the ridge")
    parser.add_argument("--steps", type=int, default=300, help="of the descent")
    parser.add_argument("--seed", type=int, default=7, help="of the draws")
    return parser


def made(lists: str, vocabulary: str, count: int, seed: int) -> list[Query]:
    """As many broad as narrow queries, in both languages."""
    dice = random.Random(seed)
    topics: dict[str, list[list[str]]] = yaml.safe_load(vocabulary)["topics"]
    names = [word for topic, lines in topics.items() if topic != NOTHING for line in lines for word in line]
    given = yaml.safe_load(lists)
    queries: list[Query] = []
    for language, broad, narrow in (("zh", _broad_zh, _narrow_zh), ("en", _broad_en, _narrow_en)):
        words = _words(given[language], [name for name in names if name.isascii() == (language == "en")])
        for make, kind in ((broad, True), (narrow, False)):
            queries += [Query(normalise(make(words, dice)), kind) for _ in range(count)]
    return queries


def _words(of: Lists, names: list[str]) -> Words:
    """A category stands at the end of three longer names or more."""
    departments = {*of["departments"]}
    things = [name for name in names if name not in departments and name not in of["doing"]]
    heads = Counter(name[at:] for name in names for at in range(1, len(name)))
    short = 3 if names[0] > "z" else 12
    return Words(of, things, [name for name in things if heads[name] >= 3 and len(name) <= short])


def _broad_zh(words: Words, dice: random.Random) -> str:
    of, pick = words.of, dice.choice
    who, what = pick(of["people"]), pick(of["departments"])
    where = pick(of[pick(("places", "occasions", "times", "doing"))])
    makers: tuple[Callable[[], str], ...] = (
        lambda: pick(of["wishes"]),
        lambda: pick(of[pick(("people", "occasions", "doing", "needs", "places"))]),
        lambda: pick(of[pick(("asks", "styles", "needs", "doing"))]),
        lambda: pick((what, what, pick(words.categories))),
        lambda: f"{pick(('送', '给', '送给'))}{who}{pick(('', '', '的', '买什么', '买点啥', '的礼物'))}",
        lambda: (
            f"{who}{pick(('用', '穿', '吃', '玩', '看', '喜欢', '戴', '喝', '能用', '爱吃'))}{pick(('的', '什么'))}"
        ),
        lambda: f"{where}{pick(('', ' '))}{pick((pick(of['asks']), pick(of['ends'])))}",
        lambda: f"{pick(of['needs'])}{pick(('的', '好物', '神器', '用什么', '的东西'))}",
        lambda: f"{pick(('', '', '最', '有点', '特别'))}{pick(of['kinds'])}的{pick(('', '', '', '东西', what))}",
        lambda: f"{where}{pick(('用', '穿', '吃', '玩', '看', '喝'))}的",
        lambda: f"{pick((who, where))}{pick(('', ' '))}{pick((what, pick(of['doing'])))}",
        lambda: f"{who}{pick((' ', ''))}{pick(of['occasions'])}{pick(('', '礼物', '送什么'))}",
        lambda: f"{pick(('适合', '想', '要', '找'))}{pick((who, where, pick(of['doing'])))}{pick(('', '的'))}",
        lambda: f"{what}{pick(('', ' '))}{pick(('推荐', '有什么', '新款', '好物', '大全', pick(of['styles'])))}",
    )
    return pick(makers)()


def _narrow_zh(words: Words, dice: random.Random) -> str:
    of, pick = words.of, dice.choice
    joint = pick((" ", " ", ""))
    thing, mark, want = pick(words.things), pick(of["attributes"]), pick(of["wants"])
    long = thing if len(thing) > 2 else f"{mark}{thing}"
    about = pick(of[pick(("people", "needs", "places", "styles", "kinds", "occasions", "doing"))])
    makers: tuple[Callable[[], str], ...] = (
        lambda: long,
        lambda: f"{thing}{joint}{mark}",
        lambda: f"{thing} {mark} {pick(of['attributes'])}",
        lambda: f"{mark}{joint}{thing}",
        lambda: f"{thing}{joint}{want}",
        lambda: f"{thing}{joint}{about}",
        lambda: f"{about}{joint}{long}",
        lambda: f"{about}{joint}{thing}{joint}{want}",
        lambda: f"{thing} {mark}{joint}{want}",
    )
    return pick(makers)()


def _broad_en(words: Words, dice: random.Random) -> str:
    of, pick = words.of, dice.choice
    wish, what, who = pick(of["wishes"]), pick(of["departments"]), pick(of["people"])
    about = pick(of[pick(("places", "occasions", "doing"))])
    makers: tuple[Callable[[], str], ...] = (
        lambda: wish,
        lambda: what,
        lambda: pick(of[pick(("occasions", "people", "doing", "places"))]),
        lambda: f"{pick((wish, 'something', 'things'))} for {pick((who, about))}",
        lambda: f"{pick(of['occasions'])} {pick((wish, 'gift', 'present', 'ideas'))}{pick(('', f' for {who}'))}",
        lambda: (
            f"{pick(('something', 'anything'))} {pick(of['adjectives'])}{pick(('', f' for {who}', f' for {about}'))}"
        ),
        lambda: f"{pick(of['adjectives'])} {pick((what, 'things', 'gifts', 'gift', 'stuff', 'ideas'))}",
        lambda: f"{what} for {pick((who, about))}",
        lambda: f"what {pick(('to', 'should i', 'can i'))} {pick(('buy', 'get', 'give', 'wear'))} {pick((who, about))}",
        lambda: f"{pick(('i need', 'looking for', 'i want', 'find'))} {pick((wish, what))}",
    )
    return pick(makers)()


def _narrow_en(words: Words, dice: random.Random) -> str:
    of, pick = words.of, dice.choice
    thing, mark, want = pick(words.things), pick(of["attributes"]), pick(of["wants"])
    about = pick(of[pick(("people", "places", "doing"))])
    long = thing if " " in thing else f"{mark} {thing}"
    makers: tuple[Callable[[], str], ...] = (
        lambda: long,
        lambda: thing,
        lambda: f"{thing} {mark}",
        lambda: f"{mark} {thing}",
        lambda: f"{thing} {want}",
        lambda: f"{thing} {mark} {want}",
        lambda: f"{thing} for {about}",
        lambda: f"{pick(of['adjectives'])} {thing}",
        lambda: f"gift for a {pick(words.things)} {pick(('lover', 'fan', 'collector'))}",
    )
    return pick(makers)()


def fit(queries: Sequence[Query], ridge: float, steps: int, seed: int) -> dict[str, int]:
    """Weights in hundredths, by gram; those that round to nothing are left out unless they stand for a word."""
    dice = random.Random(seed)
    found = [grams(query.text) for query in queries]
    counts = Counter(gram for of in found for gram in of)
    names = {g: row for row, g in enumerate(sorted({UNKNOWN, *(g for g, n in counts.items() if n >= LEAST)}))}
    table = _table([known(_hidden(of, dice), names) for of in found], names)
    weights = _descend(table, np.array([1.0 if query.broad else -1.0 for query in queries]), len(names), ridge, steps)
    whole = {gram: round(SCALE * float(weights[row])) for gram, row in names.items()}
    return {gram: weight for gram, weight in whole.items() if weight or len(gram) == 1 or gram[0] == "="}


def _hidden(found: set[str], dice: random.Random) -> set[str]:
    """One gram in ten is hidden; a character or a word is then one that nobody knows."""
    kept = {gram for gram in sorted(found) if gram[0] == "#" or dice.random() > HIDDEN}
    return kept if len(kept) == len(found) else kept | {"=?"}


def _table(found: Sequence[set[str]], names: dict[str, int]) -> Table:
    """Rows of grams, filled up with the number of grams, which stands for none."""
    table = np.full((len(found), max(map(len, found))), len(names), dtype=np.int64)
    for row, of in zip(table, found, strict=True):
        row[: len(of)] = sorted(names[gram] for gram in of)
    return table


def _descend(table: Table, signs: Floats, size: int, ridge: float, steps: int) -> Floats:
    """Descent with a step of its own for each weight (Duchi et al. 2011, Adaptive subgradient methods)."""
    weights, squares = np.zeros(size + 1), np.full(size + 1, 1e-8)
    width = table.shape[1]
    for _ in range(steps):
        pull = -signs / (1.0 + np.exp(signs * weights[table].sum(axis=1))) / len(signs)
        slope = np.bincount(table.ravel(), np.repeat(pull, width), minlength=size + 1) + 2.0 * ridge * weights
        squares += slope * slope
        weights -= 0.3 * slope / np.sqrt(squares)
        weights[size] = 0.0
    return weights


if __name__ == "__main__":
    main()
