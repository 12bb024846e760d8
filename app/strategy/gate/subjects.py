"""What may be spoken of, and to whom nothing may be promoted: complaints, relevance, sensitivity, occasions."""

from collections.abc import Mapping, Sequence
from datetime import date

from app.narrative.schemas import Claim, Predicate
from app.retrieval.schemas import Campaign
from app.retrieval.situation import speaks_to
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Fact, Firing, Named, Rule, Ruling
from app.text.taxonomy import Taxonomy

_NAMED = 3
"""Campaigns that a sentence names; the others are counted."""


def without_complaint(claims: Sequence[Claim], policy: Policy) -> Ruling[tuple[str, ...]]:
    """The claims (by id) that hold a complaint; while there is one, nothing is promoted."""
    rule = policy.complaint
    found = tuple(
        claim.claim_id
        for claim in claims
        if claim.reading in rule.readings
        or (claim.predicate is Predicate.REVIEWED and claim.value is not None and claim.value <= rule.max_rating)
    )
    return Ruling(found, (Firing(Rule.COMPLAINT, {"count": len(found)}),) if found else ())


def relevant_campaigns(campaigns: Sequence[Campaign], topics: Sequence[str]) -> Ruling[tuple[str, ...]]:
    """The campaigns (by id) that are about anything, or share a topic with the customer's; it fires for the rest."""
    left = {c.campaign_id: c for c in campaigns if not speaks_to(c, topics)}
    related = tuple(c.campaign_id for c in campaigns if speaks_to(c, topics))
    named = tuple(Named(c.title_in("zh"), c.title_in("en")) for c in left.values())
    facts: dict[str, Fact] = {"campaigns": named[:_NAMED], "count": len(left)}
    return Ruling(related, (Firing(Rule.RELEVANCE, facts),) if left else ())


def not_sensitive(subjects: Mapping[str, str], taxonomy: Taxonomy) -> Ruling[tuple[str, ...]]:
    """The subjects (key -> all that is said with it) that touch nothing on the sensitivity list, by key."""
    found = {key: taxonomy.forbidden_in(text) for key, text in subjects.items()}
    touched = tuple(sorted({name for names in found.values() for name in names}))
    allowed = tuple(key for key, names in found.items() if not names)
    return Ruling(allowed, (Firing(Rule.SENSITIVITY, {"subjects": touched}),) if touched else ())


def in_season(themes: Sequence[str], day: date, policy: Policy) -> Ruling[tuple[str, ...]]:
    """The themes without those that name an occasion that is not near on `day`: no 618 in November."""
    named = {theme: tuple(policy.calendar.out_of_season(theme, day)) for theme in themes}
    over = tuple(dict.fromkeys(word for words in named.values() for word in words))
    kept = tuple(theme for theme in themes if not named[theme])
    return Ruling(kept, (Firing(Rule.OCCASION, {"occasions": over}),) if over else ())
