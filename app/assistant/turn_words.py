"""What the assistant says for itself, from turn_wording/zh.yaml and turn_wording/en.yaml."""

from datetime import datetime
from functools import cache
from importlib import resources

import yaml

from app.assistant.schemas import Reply, Understood
from app.insights.schemas import Provenance
from app.narrative.schemas import ClaimKind, Sentence
from app.profile.fold import FOLD_VERSION
from app.schema import Frozen, Lang


def spoken(key: str, understood: Understood, as_of: datetime, *, reason: str = "", abstained: bool = False) -> Reply:
    """One sentence of our own as a whole reply."""
    text = turn_words(understood.lang).said[key].format(reason=reason)
    return Reply(
        understood=understood,
        as_of=as_of,
        sentences=(Sentence(text=text, kind=ClaimKind.LINK, claim_ids=()),),
        abstained=abstained,
        provenance=Provenance(rung="composer", fold_version=FOLD_VERSION, identity_version=0),
    )


class TurnWords(Frozen):
    """One language's words for turns of a conversation."""

    said: dict[str, str]
    """What the assistant says for itself."""
    they: frozenset[str]
    """The customers whom the question before was about."""
    begins: tuple[str, ...]
    """How a question begins that goes on from the one before."""
    ends: tuple[str, ...]
    """How it ends."""
    why: frozenset[str]
    """A whole question after the reasons."""
    who: tuple[str, ...]
    """Words of a question that asks which customers are so."""


@cache
def turn_words(lang: Lang) -> TurnWords:
    """The words of a language."""
    text = (resources.files("app.assistant") / "turn_wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return TurnWords.model_validate(yaml.safe_load(text))
