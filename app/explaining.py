"""A customer's numbers in words: why the expected value is what it is, and whether they are drifting away.

Numbers and verdicts are the estimator's and code's; a model may word them, and what it says is checked.
"""

from dataclasses import dataclass
from datetime import datetime

from app.access.schemas import Workspace
from app.insights.churn.read import ChurnReader
from app.insights.churn.schemas import ChurnRead, Thresholds
from app.insights.known import Known
from app.insights.ltv.advice import Standing
from app.insights.ltv.schemas import LtvStory
from app.insights.ltv.tell import LtvTeller
from app.llm.chat_model import About
from app.narrative.speech import Speaker
from app.predict.reckoning import Reckoner
from app.reading import Reader
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.gate.contact import suppressed, with_consent
from app.strategy.gate.policy import Policy
from app.telling import Teller
from app.text.taxonomy import Taxonomy
from app.views import CustomerReading

_OUTGOING = tuple(channel for channel in Channel if channel is not Channel.ONSITE)


@dataclass(frozen=True)
class Explaining:
    """Explains what was estimated of one customer."""

    reader: Reader
    teller: Teller
    reckoner: Reckoner
    ltv_teller: LtvTeller
    churn_reader: ChurnReader
    policy: Policy
    taxonomy: Taxonomy

    def ltv(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool = True) -> LtvStory:
        """Why a customer's number is what it is: 3 to 5 drivers, risks, advice, and a lean where one is allowed."""
        reading = self.teller.read(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        return self.ltv_of(workspace, reading, ask_model=ask_model)

    def ltv_of(self, workspace: Workspace, reading: CustomerReading, *, ask_model: bool = True) -> LtvStory:
        """The same for a customer who has been read."""
        return self.ltv_teller.tell(
            self.known_of(workspace, reading),
            self.teller.explain(workspace, reading, lang=reading.story.lang),
            reading.ltv,
            self._standing(reading),
            self.speaker_of(workspace, reading),
            ask_model=ask_model,
        )

    def churn(
        self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool = True
    ) -> ChurnRead:
        """Whether a customer is drifting away: which signs, since when, what they said, what speaks against it."""
        reading = self.teller.read(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        return self.churn_of(workspace, reading, ask_model=ask_model)

    def churn_of(self, workspace: Workspace, reading: CustomerReading, *, ask_model: bool = True) -> ChurnRead:
        """The same for a customer who has been read."""
        return self.churn_reader.read(
            self.known_of(workspace, reading),
            reading.churn,
            self.speaker_of(workspace, reading),
            self.reckoner.at(workspace, reading.as_of).model.fitted.churn.leads,
            self._thresholds(),
            ask_model=ask_model,
        )

    def _thresholds(self) -> Thresholds:
        """Those that the policy declares for somebody of median value; the queue's own move with value."""
        acting = self.policy.acting
        return Thresholds(watch=acting.light.at_median, leaving=acting.strong.at_median)

    def _standing(self, reading: CustomerReading) -> Standing:
        profile = reading.profile
        open_to = with_consent(_OUTGOING, profile.consents, self.policy).value
        return Standing(
            verdict=self._thresholds().verdict(reading.churn.churn_risk),
            reachable=bool(open_to) and not suppressed(profile.attributes, self.policy).value,
            uncertain=reading.ltv.confidence in ("low", None),
        )

    def known_of(self, workspace: Workspace, reading: CustomerReading) -> Known:
        """What may be told of a customer who has been read."""
        return Known(
            customer_id=reading.customer_id,
            as_of=reading.as_of,
            lang=reading.story.lang,
            claims=reading.story.claims,
            spoken=reading.spoken,
            forbidden=self.taxonomy.forbidden_words(),
            about=About(workspace.workspace_id, reading.canonical_id),
            fold_version=reading.story.provenance.fold_version,
            identity_version=reading.story.provenance.identity_version,
        )

    def speaker_of(self, workspace: Workspace, reading: CustomerReading) -> Speaker:
        """Who says it of them, in the language of the reading."""
        customer = self.reader.customer(workspace, reading.customer_id)
        book = self.reader.book(workspace, customer, as_of=reading.as_of)
        return Speaker(book, reading.story.lang)
