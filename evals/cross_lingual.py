"""Campaigns of one language found by questions in the other: wishes of one topic, and nothing else."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import yaml

from app.demo.synonyms import Vocabulary
from app.retrieval.schemas import Arm, Audience, Case
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation
from app.schema import Lang
from evals.scorers.retrieval import recall
from evals.wishes import WISHES, brief

ENGLISH = Path(__file__).with_name("english_campaigns.yaml")
ROUNDS = 4
"""Questions about each topic, in each language."""
_ARMS = 60
"""Arms that are asked for, so that there are ten campaigns among them."""
_CHINESE, _LATIN = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]")


class Library(NamedTuple):
    """Campaigns whose texts are all in one language, and which of them are about what."""

    cases: tuple[Case, ...]
    about: dict[str, frozenset[str]]
    """Topic -> campaign ids."""


class Answer(NamedTuple):
    """One question with the share of the relevant campaigns that were found."""

    query: str
    topic: str
    recall: float


def chinese(cases: Sequence[Case], topics: dict[str, frozenset[str]], *, named: bool) -> Library:
    """The shop's own campaigns without their English words; unless `named`, without the topics of their audience too.

    `topics` say which topics a campaign's arms truly speak of. A campaign is about those that its audience names too:
    what nobody could read from it is not asked for.
    """
    about: dict[str, set[str]] = {}
    for case in cases:
        for topic in topics[case.campaign.campaign_id] & set(case.campaign.audience.topics):
            about.setdefault(topic, set()).add(case.campaign.campaign_id)
    told = tuple(_in_chinese(case, named=named) for case in cases)
    return Library(told, {topic: frozenset(ids) for topic, ids in about.items()})


def english(cases: Sequence[Case], *, named: bool) -> Library:
    """English campaigns, each with the arms and outcomes of one of the shop's, in turn."""
    told: list[Case] = []
    about: dict[str, set[str]] = {}
    written = yaml.safe_load(ENGLISH.read_text("utf-8"))
    stories = [(topic, story) for topic, listed in written.items() for story in listed]
    for place, (topic, (title, *themes)) in enumerate(stories):
        case = cases[place % len(cases)]
        campaign_id = f"english-{place:03}"
        arms = tuple(_saying(arm, tuple(themes)) for arm in case.campaign.arms)
        campaign = case.campaign.model_copy(
            update={
                "campaign_id": campaign_id,
                "title": title,
                "titles": None,
                "objective": "grow",
                "audience": Audience(topics=(topic,) if named else ()),
                "arms": arms,
            }
        )
        outcomes = tuple(outcome.model_copy(update={"campaign_id": campaign_id}) for outcome in case.outcomes)
        told.append(Case(campaign=campaign, outcomes=outcomes))
        about.setdefault(topic, set()).add(campaign_id)
    return Library(tuple(told), {topic: frozenset(ids) for topic, ids in about.items()})


def ask(
    search: CampaignSearch,
    library: Library,
    lang: Lang,
    vocabulary: Vocabulary,
    *,
    as_of: datetime,
    seed: int,
    size: int = WISHES,
) -> Iterator[Answer]:
    """Questions about every topic that the library has campaigns about and somebody has words for."""
    for topic, relevant in sorted(library.about.items()):
        dice = Random(f"{seed}/{lang}/{topic}")
        for _ in range(ROUNDS):
            if query := brief(topic, lang, vocabulary, dice, size=size):
                found = search.search(library.cases, Situation(text=query), as_of=as_of, k=_ARMS)
                ids = list(dict.fromkeys(match.campaign.campaign_id for match in found.matches))
                yield Answer(query, topic, recall(ids, relevant))


def _in_chinese(case: Case, *, named: bool) -> Case:
    campaign = case.campaign
    audience = campaign.audience if named else campaign.audience.model_copy(update={"topics": ()})
    arms = tuple(map(_chinese_arm, campaign.arms))
    told = {"title": _LATIN.sub("", campaign.title).strip(), "titles": None, "arms": arms, "audience": audience}
    return case.model_copy(update={"campaign": campaign.model_copy(update=told)})


def _chinese_arm(arm: Arm) -> Arm:
    kept = tuple(theme for theme in arm.themes if _CHINESE.search(theme) and not _LATIN.search(theme))
    return _saying(arm, kept)


def _saying(arm: Arm, themes: tuple[str, ...]) -> Arm:
    """The arm with these themes and no other words, translations included."""
    return arm.model_copy(update={"themes": themes, "translated_themes": None, "timing": ""})
