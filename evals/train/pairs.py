"""What a small model learns from: the messages that the product would send, with the composer's choice as the answer.

Shops of several seeds are simulated and read through the real pipeline at several moments, in both languages. Each
reading gives the product's own question and some easier or harder ones: other orders of the same claims, fewer claims
(told by the composer anew), and quotations of random characters, so that nothing is learned from one shop's words.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from app.bootstrap import PROMPTS
from app.identity.schemas import Customer
from app.insights.compose import compose
from app.insights.ground import FEWEST, Ground
from app.insights.select import Selection, in_shown_order, question
from app.llm.prompts import PromptLibrary
from app.narrative.book import Book
from app.narrative.render import narrate
from app.narrative.schemas import Claim, Sentence
from app.schema import Frozen, Lang
from evals import shop
from evals.task import Say

LANGUAGES: tuple[Lang, ...] = ("zh", "en")
FEW = 5
"""Questions with fewer claims beside each of the product's own."""
SCRAMBLED = 0.25
"""Share of the added questions whose quotations are random characters."""

_QUOTED = re.compile(r"(?<=「)[^」]*(?=」)|(?<=“)[^”]*(?=”)")
_SIGNS = "".join(map(chr, (*range(0x4E00, 0x9FA6, 7), *range(0x61, 0x7B), *range(0x30, 0x3A), 0x20, 0xFF0C)))


class Pair(NamedTuple):
    """One question and its answer."""

    system: str
    user: str
    answer: str
    kinds: tuple[str, ...]
    """The predicate of each claim, in shown order: what a line is about, which a reader has to recognise first."""


class Plan(Frozen):
    """Which shops are read, and when."""

    seeds: tuple[int, ...]
    customers: int = 100
    days_before_end: tuple[int, ...] = (0, 40, 110)
    """Moments of reading; each costs one fit of the estimators."""


def write_pairs(path: Path, plan: Plan, say: Say) -> int:
    """Write the pairs of all shops as JSON lines; returns how many. The same plan gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for seed in plan.seeds:
            for pair in pairs_of(seed, plan):
                file.write(json.dumps(pair._asdict(), ensure_ascii=False) + "\n")
                written += 1
            say(f"shop {seed}: {written:,} pairs so far")
    return written


def pairs_of(seed: int, plan: Plan) -> Iterator[Pair]:
    """The pairs of one shop."""
    prompts = PromptLibrary(PROMPTS)
    with shop.demo(seed=seed, customers=plan.customers, say=lambda _: None) as open_:
        end = open_.pipeline.clock(open_.workspace, now=open_.now)
        for days in plan.days_before_end:
            for reading in readings(open_, end - timedelta(days=days)):
                yield from _questions(reading, prompts, random.Random(f"{seed}/{days}/{reading.key}"))


class Reading(NamedTuple):
    """What the composer told of one customer, and what it stood on."""

    key: str
    lang: Lang
    book: Book
    ground: Ground
    sentences: tuple[Sentence, ...]

    @property
    def told(self) -> tuple[str, ...]:
        """Ids of the claims in telling order."""
        return _ids(self.sentences)


def readings(open_: shop.Open, as_of: datetime, *, most: int | None = None) -> Iterator[Reading]:
    """Every customer known by `as_of` (the first `most`) of whom a model would be asked, in both languages."""
    for number, customer in enumerate(open_.pipeline.identity.customers(open_.workspace.workspace_id)[:most]):
        for lang in LANGUAGES:
            reading = _reading(open_, customer, as_of, lang, key=f"{number}/{lang}")
            if len(reading.ground.claims) >= FEWEST:
                yield reading


def _reading(open_: shop.Open, customer: Customer, as_of: datetime, lang: Lang, *, key: str) -> Reading:
    pipeline, workspace = open_.pipeline, open_.workspace
    reading = pipeline.read_customer(workspace, customer.customer_id, as_of=as_of, lang=lang, ask_model=False)
    book = pipeline.book(workspace, customer, as_of=as_of)
    return Reading(key, lang, book, Ground(reading.story.claims, reading.spoken, (), ()), reading.story.sentences)


def _questions(reading: Reading, prompts: PromptLibrary, chance: random.Random) -> Iterator[Pair]:
    """The product's own question, the same claims in another order, and questions about fewer of them."""
    yield pair(prompts, in_shown_order(reading.ground.claims), reading.ground, reading.told)
    yield _shuffled(reading, reading.ground.claims, reading.told, prompts, chance)
    for _ in range(FEW):
        some = _some(reading, chance)
        told = _ids(compose(narrate(some, reading.book, reading.lang), some))
        yield _shuffled(reading, some, told, prompts, chance)


def _ids(sentences: Sequence[Sentence]) -> tuple[str, ...]:
    return tuple(claim_id for sentence in sentences for claim_id in sentence.claim_ids)


def _some(reading: Reading, chance: random.Random) -> list[Claim]:
    """The claims of some sentences and some that none tells; few more often than many: short questions teach copying.

    A sentence keeps all its claims, because the composer has no words for half of them.
    """
    untold = [(claim.claim_id,) for claim in reading.ground.claims if claim.claim_id not in reading.told]
    units = [sentence.claim_ids for sentence in reading.sentences] + untold
    n = min(chance.randint(2, len(units)), chance.randint(2, len(units)))
    kept = {claim_id for unit in chance.sample(units, n) for claim_id in unit}
    return [claim for claim in reading.ground.claims if claim.claim_id in kept]


def _shuffled(
    reading: Reading, claims: Sequence[Claim], told: Sequence[str], prompts: PromptLibrary, chance: random.Random
) -> Pair:
    ground = _scrambled(reading.ground, chance) if chance.random() < SCRAMBLED else reading.ground
    return pair(prompts, chance.sample(claims, len(claims)), ground, told)


def _scrambled(ground: Ground, chance: random.Random) -> Ground:
    """The same claims with every quotation replaced by random characters."""

    def noise(_: re.Match[str]) -> str:
        return "".join(chance.choices(_SIGNS, k=chance.randint(2, 12)))

    return ground._replace(spoken={i: _QUOTED.sub(noise, said) for i, said in ground.spoken.items()})


def pair(prompts: PromptLibrary, shown: Sequence[Claim], ground: Ground, told: Sequence[str]) -> Pair:
    """The question over `shown` claims, and the numbers under which those `told` are shown, as its answer."""
    asked = question(prompts, shown, ground)
    system, user = (message.content for message in asked.messages)
    return Pair(system, user, answer(shown, told).model_dump_json(), tuple(claim.predicate for claim in shown))


def answer(shown: Sequence[Claim], told: Sequence[str]) -> Selection:
    """The numbers of the `told` claims among those shown, in telling order."""
    number = {claim.claim_id: i for i, claim in enumerate(shown, 1)}
    return Selection(claims=tuple(number[i] for i in dict.fromkeys(told)))
