"""Subjects put into words: title and draft of each theme, and the whole message around a draft.

Which of the ways to say a thing is taken depends on the customer, not on chance.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.gate.texts import Frame
from app.strategy.schemas import Theme
from app.strategy.themes import PERSONAL, WITHOUT_OFFER, Idea, Subject, alike
from app.strategy.wording import wording
from app.text.taxonomy import Taxonomy

_VARIANTS = 3
"""Ways to say each idea in the wording files."""


class Voice(NamedTuple):
    """How a draft is dressed: by whom, on which channel, with which offer, in which language, for whom."""

    shop: str
    channel: Channel | None
    """None for drafts that are kept ready and not sent."""
    offer: str
    lang: Lang
    customer_id: str
    link: str = ""
    """The slot for the customer's own unsubscribe link."""

    @property
    def frame(self) -> Frame | None:
        """What the message stands in; None when there is no message."""
        return None if self.channel is None else Frame(self.shop, self.channel, self.lang, self.link)


def write_themes(subjects: Iterable[Subject], voice: Voice, taxonomy: Taxonomy) -> tuple[Theme, ...]:
    """Title and draft for each subject, no two titles alike, before `dressed` puts sender and offer around them."""
    start = crc32(voice.customer_id.encode())
    written: list[Theme] = []
    for place, subject in enumerate(subjects):
        ways = [_write(subject, start + place + turn, voice, taxonomy) for turn in range(_VARIANTS)]
        fresh = (way for way in ways if not any(alike(way.title, theme.title) for theme in written))
        written.append(next(fresh, ways[0]))
    return tuple(written)


def dressed(themes: Iterable[Theme], subjects: Sequence[Subject], voice: Voice) -> tuple[Theme, ...]:
    """The themes as the channel shows them: signed, with the offer where they sell something, and with a way out."""
    frame = voice.frame
    if frame is None:
        return tuple(themes)
    return tuple(
        theme.model_copy(update={"draft": frame.around(theme.draft, offer)})
        for theme, offer in zip(themes, offers_told(subjects, voice), strict=True)
    )


def offers_told(subjects: Iterable[Subject], voice: Voice) -> tuple[str, ...]:
    """What each subject says of the offer; nothing where it sells nothing."""
    return tuple("" if subject.idea in WITHOUT_OFFER else voice.offer for subject in subjects)


def _write(subject: Subject, variant: int, voice: Voice, taxonomy: Taxonomy) -> Theme:
    words = wording(voice.lang)
    idea, theme = subject.idea, subject.translated.get(voice.lang, subject.theme)
    if idea is Idea.TESTED and not _is_in(theme, voice.lang):
        idea = Idea.TESTED_UNNAMED
    titles, drafts = words.ideas[idea].ways(with_topic=subject.topic is not None)
    names = {
        "theme": theme,
        "topic": taxonomy.name(subject.topic, voice.lang) if subject.topic else "",
        "other": taxonomy.name(subject.other, voice.lang) if subject.other else "",
    }
    draft = _capital(drafts[variant % len(drafts)].format(**names))
    title = _capital(titles[variant % len(titles)].format(**names))
    return Theme(title=title, draft=draft, topic=subject.topic, personal=subject.idea in PERSONAL)


def _is_in(text: str, lang: Lang) -> bool:
    """Whether copy in `lang` can quote this text: Chinese characters in Chinese copy, none in English."""
    return any("\u4e00" <= character <= "\u9fff" for character in text) == (lang == "zh")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
