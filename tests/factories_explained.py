"""Claims about one customer whose numbers are explained, and what is known of them."""

import re
from datetime import UTC, datetime
from typing import Any

from app.bootstrap import PROMPTS
from app.insights.ground import Ground
from app.insights.known import Known
from app.llm.chat_model import NOBODY
from app.llm.prompts import PromptLibrary
from app.narrative.making import made
from app.narrative.render import say
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.narrative.speech import Speaker
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories import a_book

AS_OF = datetime(2026, 9, 30, tzinfo=UTC)
LIBRARY = PromptLibrary(PROMPTS)


def a_claim(predicate: Predicate, value: float | None = 3, **more: Any) -> Claim:
    given: dict[str, Any] = {"kind": ClaimKind.AGGREGATE, "unit": Unit.COUNT, "evidence": ("e1",)} | more
    return made(predicate=predicate, subject="c1", value=value, as_of=AS_OF, **given)


def a_sign(
    name: str, day: int, now: float = 2.0, usual: float | None = 5.0, unit: Unit = Unit.PAGES, **more: Any
) -> Claim:
    """Raised on a day of August."""
    at = datetime(2026, 8, day, 4, tzinfo=UTC)
    return a_claim(
        Predicate.SIGNAL, now, kind=ClaimKind.CHANGE, unit=unit, name=name, compared_to=usual, at=at, size=2.0, **more
    )


def a_risk(risk: float) -> Claim:
    return a_claim(
        Predicate.CHURN_RISK, risk, kind=ClaimKind.PREDICTION, unit=Unit.PROBABILITY, horizon_days=90, evidence=()
    )


def a_word(predicate: Predicate, quote: str, value: float | None = None, **more: Any) -> Claim:
    """Something the customer wrote."""
    unit = Unit.RATING if value is not None else Unit.NONE
    return a_claim(predicate, value, unit=unit, kind=ClaimKind.FACT, quote=quote, at=AS_OF, **more)


def known(claims: tuple[Claim, ...], taxonomy: Taxonomy, lang: Lang) -> tuple[Known, Speaker]:
    book = a_book(taxonomy)
    spoken = {claim.claim_id: say(claim, book, lang) for claim in claims}
    return Known("c1", AS_OF, lang, claims, spoken, taxonomy.forbidden_words(), NOBODY, 1, 1), Speaker(book, lang)


def cited_in(text: str) -> dict[str, str]:
    """The claims of a prompt's lines: id -> plain sentence."""
    return {found[1]: found[2].strip() for found in _CITED.finditer(text)}


def grounded(spoken: dict[str, str]) -> Ground:
    """Invented claims under these ids, of which nothing is known but their sentences and what they are about."""
    claims = tuple(
        a_claim(_predicate_of(said), None).model_copy(update={"claim_id": name}) for name, said in spoken.items()
    )
    return Ground(claims, spoken, (), ())


def _predicate_of(said: str) -> Predicate:
    return next((predicate for word, predicate in _ABOUT.items() if word in said), Predicate.ORDER_COUNT)


_ABOUT = {
    "expected value": Predicate.LTV, "预计值": Predicate.LTV,
    "ign of leaving": Predicate.SIGNAL, "苗头": Predicate.SIGNAL,
    "since the latest order": Predicate.DAYS_SINCE_LAST_ORDER, "距最近一单": Predicate.DAYS_SINCE_LAST_ORDER,
    "between purchases": Predicate.USUAL_GAP, "购买间隔": Predicate.USUAL_GAP,
    "irst order": Predicate.FIRST_ORDER, "首单": Predicate.FIRST_ORDER,
    "in the cart": Predicate.CARTED_NOT_BOUGHT,
    "to support": Predicate.SUPPORT_CONTACT, "联系客服": Predicate.SUPPORT_CONTACT,
}  # fmt: skip
_CITED = re.compile(r"\[(k_\w+)\] ((?:(?! \[k_|\n).)*)")
