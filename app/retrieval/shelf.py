"""Past campaigns laid out for search: all that hangs on the cases alone, made once while they stay the same."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np

from app.profile.schemas import Lifecycle
from app.retrieval.audience import Audiences
from app.retrieval.expectations import Expectations, Places
from app.retrieval.lexical import LexicalIndex
from app.retrieval.schemas import Case, Retrieval
from app.retrieval.situation import Situation
from app.retrieval.trials import Sent, arms_of, trial_of
from app.text.taxonomy import Taxonomy

_ANSWERS = 64
"""Answers that are remembered; then all are forgotten."""
_STANDINGS = 64
"""The same for what was known of life cycles at moments."""

Asked = tuple[Situation, datetime, int]


class Standing:
    """What is known at a moment about what arms did to one life cycle of customers."""

    def __init__(self, places: Places, expectations: Expectations) -> None:
        """`places` say which arm of the shelf each trial of `expectations` is."""
        self.places, self.expectations = places, expectations


class Shelf:
    """The arms of one workspace's cases, by campaign and arm id: n rows everywhere."""

    def __init__(self, cases: tuple[Case, ...], taxonomy: Taxonomy) -> None:
        """Lay out `cases`, in any order."""
        self._cases = cases
        self.arms = arms_of(cases)
        self.workspace_id = cases[0].campaign.workspace_id if cases else ""
        self.texts = tuple(_text(sent, taxonomy) for sent in self.arms)
        self.lexical = LexicalIndex(self.texts)
        self.audiences = Audiences([sent.campaign for sent in self.arms])
        self.answers: dict[Asked, Retrieval] = {}
        self._known_from = np.array([sent.known_from.timestamp() for sent in self.arms])
        self._standings: dict[tuple[Lifecycle | None, int], Standing | None] = {}

    def holds(self, cases: tuple[Case, ...]) -> bool:
        """Whether it was laid out from these cases: seen at once when they are the same tuple."""
        return self._cases is cases or self._cases == cases

    def standing(self, lifecycle: Lifecycle | None, as_of: datetime) -> Standing | None:
        """The arms that were measured and whose outcome window had closed by `as_of`; None without any."""
        known = self._known_from <= as_of.timestamp()
        key = lifecycle, int(known.sum())
        try:
            return self._standings[key]
        except KeyError:
            found = self._stand(lifecycle, np.flatnonzero(known))
        if len(self._standings) >= _STANDINGS:
            self._standings.clear()
        self._standings[key] = found
        return found

    def remember(self, asked: Asked, answer: Retrieval) -> Retrieval:
        """Keep an answer for whoever asks the same again."""
        if len(self.answers) >= _ANSWERS:
            self.answers.clear()
        self.answers[asked] = answer
        return answer

    def _stand(self, lifecycle: Lifecycle | None, known: Places) -> Standing | None:
        found = [(place, trial) for place in known if (trial := trial_of(self.arms[place], lifecycle)) is not None]
        if not found:
            return None
        places, trials = zip(*found, strict=True)
        return Standing(np.array(places), Expectations(trials))


def named(words: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    """Topic ids by their names in both languages, so that the two meet; other words as they are."""
    topics = taxonomy.topics
    return [f"{topics[word].zh} {topics[word].en}" if word in topics else word for word in words]


def _text(sent: Sent, taxonomy: Taxonomy) -> str:
    """What the arm says and is about, in every language that somebody wrote."""
    campaign, arm = sent.campaign, sent.arm
    titles = (campaign.title, campaign.title_in("zh"), campaign.title_in("en"))
    themes = (*arm.themes, *arm.themes_in("zh"), *arm.themes_in("en"))
    return _joined((*titles, *named((*themes, *campaign.audience.topics), taxonomy)))


def _joined(parts: Sequence[str]) -> str:
    return " | ".join(dict.fromkeys(part for part in parts if part))
