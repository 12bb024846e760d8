"""Connectives between sentences: from a closed list, by what the claims say."""

import pytest

from app.insights.joining import joined
from app.narrative.schemas import ClaimKind, Sentence
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.insights.customers import Known, a_customer
from tests.insights.leaving import with_risk

LANGS: list[Lang] = ["zh", "en"]
OPENINGS = {"zh": ("不过，", "但是，"), "en": ("However, ", "Yet ")}


def pair(known: Known, *names: str) -> list[Sentence]:
    """Sentences of one claim each."""
    return [Sentence(text=f"Some words on {n}.", kind=ClaimKind.FACT, claim_ids=known.ids(n)) for n in names]


@pytest.mark.parametrize("lang", LANGS)
def test_leaving_stands_against_what_they_like(taxonomy: Taxonomy, lang: Lang) -> None:
    known = with_risk(a_customer(taxonomy, lang), 0.9)
    _, verdict = joined(pair(known, "interest", "churn_risk"), known.by_id(), lang)
    assert verdict.text.startswith(OPENINGS[lang])
    assert verdict.text.endswith("some words on churn_risk.")


def test_staying_follows_from_nothing_and_gets_no_connective(taxonomy: Taxonomy) -> None:
    known = with_risk(a_customer(taxonomy, "en"), 0.1)
    sentences = pair(known, "interest", "churn_risk", "ltv")
    assert list(joined(sentences, known.by_id(), "en")) == sentences


@pytest.mark.parametrize("text", ["Although it is so, it is.", "Even so."])
def test_no_connective_before_one(taxonomy: Taxonomy, text: str) -> None:
    known = with_risk(a_customer(taxonomy, "en"), 0.9)
    before, after = pair(known, "interest", "churn_risk")
    after = after.model_copy(update={"text": text})
    assert joined([before, after], known.by_id(), "en")[1].text == text


@pytest.mark.parametrize("text", ["“Milk” was bought.", "12 days ago.", "CN¥5 was spent."])
def test_figures_and_quotations_keep_their_first_letter(taxonomy: Taxonomy, text: str) -> None:
    known = with_risk(a_customer(taxonomy, "en"), 0.9)
    before, after = pair(known, "interest", "churn_risk")
    after = after.model_copy(update={"text": text})
    assert joined([before, after], known.by_id(), "en")[1].text.endswith(text)


def test_a_sentence_keeps_its_claims(taxonomy: Taxonomy) -> None:
    known = with_risk(a_customer(taxonomy, "zh"), 0.9)
    sentences = pair(known, "interest", "churn_risk")
    assert [s.claim_ids for s in joined(sentences, known.by_id(), "zh")] == [s.claim_ids for s in sentences]
