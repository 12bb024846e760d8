"""The brief of one customer for an agent: from a reading, their consents, and what they rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.access.schemas import Workspace
from app.explaining import Explaining
from app.insights.brief.brief import Briefer
from app.insights.brief.compose import Composer, Terms
from app.insights.brief.material import material_of
from app.insights.brief.schemas import Brief
from app.insights.fitness import mentions
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.gate.contact import suppressed, with_consent
from app.strategy.gate.policy import Policy
from app.telling import Teller
from app.text.taxonomy import Taxonomy
from app.views import CustomerReading

_OUTGOING = tuple(channel for channel in Channel if channel is not Channel.ONSITE)


@dataclass(frozen=True)
class Briefing:
    """Briefs agents on customers of any workspace."""

    teller: Teller
    explaining: Explaining
    briefer: Briefer
    policy: Policy
    taxonomy: Taxonomy

    def brief(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool = True) -> Brief:
        """What an agent should know before talking to a customer; NotFound when nothing is known of them."""
        reading = self.teller.read(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        return self.brief_of(workspace, reading, ask_model=ask_model)

    def brief_of(self, workspace: Workspace, reading: CustomerReading, *, ask_model: bool = True) -> Brief:
        """The same of a customer who has been read."""
        moments = {event_id: event.occurred_at for event_id, event in reading.evidence.items()}
        lines = material_of(reading.story.claims, moments, as_of=reading.as_of)
        speaker = self.explaining.speaker_of(workspace, reading)
        composer = Composer(speaker, self._titles(reading), self._terms(reading))
        return self.briefer.brief(self.explaining.known_of(workspace, reading), lines, composer, ask_model=ask_model)

    def _titles(self, reading: CustomerReading) -> Mapping[str, list[str]]:
        """claim_id -> the titles of its events' items, without those that touch the sensitivity list."""
        forbidden = self.taxonomy.forbidden_words()
        found = {
            claim.claim_id: [reading.evidence[e].item_title for e in claim.evidence if e in reading.evidence]
            for claim in reading.story.claims
        }
        return {name: [t for t in titles if t and not mentions(t, forbidden)] for name, titles in found.items()}

    def _terms(self, reading: CustomerReading) -> Terms:
        profile, quiet = reading.profile, self.policy.quiet_hours
        return Terms(
            channels=tuple(with_consent(_OUTGOING, profile.consents, self.policy).value),
            quiet=(f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}"),
            suppressed=bool(suppressed(profile.attributes, self.policy).value),
            rejected=tuple(tombstone.name for tombstone in profile.tombstones),
            forbidden=self.taxonomy.forbidden_words(),
        )
