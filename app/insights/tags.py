"""What may be inferred from what a customer wrote: by a model where there is one, by the taxonomy's readings always.

The ladder is visible: large model, small model, lexicon. The lexicon speaks beside a model too, where the model said
nothing under the same name; so a weak model never makes the profile poorer.
"""

import re
import time
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.fine_tags import Refused, Tag, Tagged, aged, ask_for_tags
from app.insights.material import Line, Material
from app.llm.chat_model import ChatModel
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
    fallback_reason: str | None = None
    dropped: tuple[str, ...] = ()


class Tagger:
    """Reads inferences with the models that there are, or with none."""

    def __init__(
        self, large: ChatModel | None, prompts: PromptLibrary, taxonomy: Taxonomy, *, small: ChatModel | None = None
    ) -> None:
        """Without a model the lexicon speaks alone."""
        self._models: tuple[tuple[Rung, ChatModel | None], ...] = (("large", large), ("small", small))
        self._prompts, self._taxonomy = prompts, taxonomy

    def read(self, material: Material, *, as_of: datetime, zone: ZoneInfo, lang: Lang, refused: Refused) -> Read:
        """The inferences that the material allows and the customer has not rejected; a model never makes this fail."""
        plain = {
            tag.name: tag for tag in self._by_lexicon(material, as_of, zone, lang) if not refused(tag.name, tag.value)
        }
        fallen, started = list[str](), time.monotonic()
        for rung, model in self._models if material.lines else ():
            if model is None:
                continue
            spent_ms = (time.monotonic() - started) * 1000
            try:
                told = ask_for_tags(
                    model, self._prompts, material, taxonomy=self._taxonomy, zone=zone, lang=lang, refused=refused,
                    spent_ms=spent_ms,
                )  # fmt: skip
            except (ModelUnavailable, ModelOutputError) as error:
                fallen.append(str(error))
                continue
            return _joined(rung, told, plain, material, as_of, fallen)
        return Read(LEXICON, tuple(plain.values()), fallback_reason=_reason(fallen))

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


def _joined(
    rung: Rung, told: Tagged, plain: dict[str, Tag], material: Material, as_of: datetime, fallen: list[str]
) -> Read:
    """A model's tags, and the lexicon's where the model said nothing under that name."""
    said_at = {line.event_id: line.at for line in material.lines}
    tags = [aged(tag, as_of - said_at[tag.event_id]) for tag in told.tags]
    names = {tag.name for tag in tags}
    beside = [tag for name, tag in plain.items() if name not in names]
    alive = tuple(tag for tag in (*tags, *beside) if tag.memory_days > 0)
    return Read(rung, alive, _reason(fallen), told.dropped)


def _reason(fallen: list[str]) -> str | None:
    return "; ".join(dict.fromkeys(fallen)) or None
