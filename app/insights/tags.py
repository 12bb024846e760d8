"""What may be inferred from what a customer wrote: by a model where there is one, by the taxonomy's readings always.

The ladder is visible: large model, small model, lexicon. The lexicon speaks beside a model too, where the model said
nothing under the same name; so a weak model never makes the profile poorer.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from app.insights.fine_tags import Refused, Tag, Tagged, aged, ask_for_tags
from app.insights.material import Line, Material
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Origin, Said, Step, descend
from app.llm.prompts import PromptLibrary
from app.profile.known.attributes import MAX_QUOTE
from app.profile.known.sensitivity import may_be_kept
from app.schema import Lang
from app.text.normalise import normalise
from app.text.taxonomy import Reading, Taxonomy

LEXICON: Final = "lexicon"
Rung = Literal["large", "small", "lexicon"]
_CLAUSE = re.compile(r"[^。！？!?；;，,\n]+[。！？!?]?")
_RECENT = timedelta(days=21)
"""Products dealt with within this time speak of a plan that is still ahead."""


class Read(NamedTuple):
    """The inferences that were drawn, by which rung, and why not by a higher one."""

    rung: Rung
    tags: tuple[Tag, ...]
    origin: Origin = Origin(rung="composer")
    """How the model was asked, and why no higher rung read; the lexicon is the composer of this ladder."""
    dropped: tuple[str, ...] = ()


class Tagger:
    """Reads inferences with the models that there are, or with none."""

    def __init__(
        self, large: ChatModel | None, prompts: PromptLibrary, taxonomy: Taxonomy, *, small: ChatModel | None = None
    ) -> None:
        """Without a model the lexicon speaks alone."""
        self._large, self._small, self._prompts, self._taxonomy = large, small, prompts, taxonomy

    def read(
        self, material: Material, *, about: About, as_of: datetime, zone: ZoneInfo, lang: Lang, refused: Refused
    ) -> Read:
        """The inferences that the material allows and the customer has not rejected; a model never makes this fail."""
        plain = {
            tag.name: tag for tag in self._by_lexicon(material, as_of, zone, lang) if not refused(tag.name, tag.value)
        }

        def by_model(model: ChatModel, spent_ms: float) -> Said[tuple[Tag, ...]]:
            told = ask_for_tags(
                model, self._prompts, material, taxonomy=self._taxonomy, zone=zone, lang=lang, refused=refused,
                about=about, spent_ms=spent_ms,
            )  # fmt: skip
            return Said(tuple(_joined(told, plain, material, as_of)), told.asked, told.dropped)

        steps = (Step("large", self._large, by_model), Step("small", self._small, by_model)) if material.lines else ()
        found = descend(steps, lambda: tuple(plain.values()))
        rung: Rung = LEXICON if found.origin.rung == "composer" else found.origin.rung
        return Read(rung, found.value, found.origin, found.dropped)

    def _by_lexicon(self, material: Material, as_of: datetime, zone: ZoneInfo, lang: Lang) -> Iterator[Tag]:
        """Oldest first, so that the newest words for a reading stay."""
        found = [*self._out_of_season(material, as_of, zone, lang), *self._in_words(material, as_of, lang)]
        for tag in found:
            if tag.memory_days > 0 and may_be_kept(self._taxonomy, tag.name, tag.value, as_of, tag.quote):
                yield tag

    def _in_words(self, material: Material, as_of: datetime, lang: Lang) -> Iterator[Tag]:
        for line in material.texts:
            for name in self._taxonomy.readings_in(line.text):
                reading = self._taxonomy.readings[name]
                if line.kind in reading.kinds:
                    quote = clause(line.text, reading.phrases)
                    yield aged(_tag(name, reading, line, quote, lang), as_of - line.at)

    def _out_of_season(self, material: Material, as_of: datetime, zone: ZoneInfo, lang: Lang) -> Iterator[Tag]:
        """Two products or more of a topic at a time of the year when hardly anybody wants them."""
        for name, reading in self._taxonomy.readings.items():
            if reading.out_of_season is None:
                continue
            odd = [line for line in material.products if self._is_odd(line, reading.out_of_season, as_of, zone)]
            if len(odd) > 1:
                tag = _tag(name, reading, odd[-1], odd[-1].text[:MAX_QUOTE], lang)
                yield tag._replace(confidence=reading.confidence * (1 - 0.5 ** len(odd)))

    def _is_odd(self, line: Line, topic: str, as_of: datetime, zone: ZoneInfo) -> bool:
        month = line.at.astimezone(zone).month
        around = ((month - 2) % 12 + 1, month, month % 12 + 1)
        if line.at < as_of - _RECENT or any(self._taxonomy.in_season(topic, near) for near in around):
            return False
        return topic in line.topics


def clause(text: str, phrases: Collection[str]) -> str:
    """The clause of a text that holds one of the phrases, exactly as it stands, cut to the length of a quote."""
    plain = [normalise(phrase) for phrase in phrases]
    clauses = [match.group().strip() for match in _CLAUSE.finditer(text)]
    holding = (part for part in clauses if any(phrase in normalise(part) for phrase in plain))
    return next(holding, text)[:MAX_QUOTE]


def _tag(name: str, reading: Reading, line: Line, quote: str, lang: Lang) -> Tag:
    value = reading.zh if lang == "zh" else reading.en
    confidence, memory = reading.confidence, reading.memory_days
    return Tag(name, value, reading.topic, quote, line.event_id, confidence, memory, model=LEXICON)


def _joined(told: Tagged, plain: Mapping[str, Tag], material: Material, as_of: datetime) -> Iterator[Tag]:
    """A model's tags, and the lexicon's where the model said nothing under that name."""
    said_at = {line.event_id: line.at for line in material.lines}
    tags = [aged(tag, as_of - said_at[tag.event_id]) for tag in told.tags]
    names = {tag.name for tag in tags}
    yield from (tag for tag in tags if tag.memory_days > 0)
    yield from (tag for name, tag in plain.items() if name not in names)
