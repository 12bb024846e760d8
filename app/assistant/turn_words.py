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
    text = _words(understood.lang).said[key].format(reason=reason)
    return Reply(
        understood=understood,
        as_of=as_of,
        sentences=(Sentence(text=text, kind=ClaimKind.LINK, claim_ids=()),),
        abstained=abstained,
        provenance=Provenance(rung="composer", fold_version=FOLD_VERSION, identity_version=0),
    )


def they_words(lang: Lang) -> frozenset[str]:
    """Words that mean the customers whom the question before was about."""
    return _words(lang).they


class _Words(Frozen):
    said: dict[str, str]
    they: frozenset[str]


@cache
def _words(lang: Lang) -> _Words:
    text = (resources.files("app.assistant") / "turn_wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return _Words.model_validate(yaml.safe_load(text))
