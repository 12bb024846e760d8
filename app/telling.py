"""One customer told: claims made of the state and measured on the events, then put into words for every front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.access.schemas import Workspace
from app.events.schemas import Item
from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.insights.drivers import CustomerExplanation, tell_explanation
from app.insights.fitness import mentions
from app.insights.predictions import Concern, explain, prediction_claims
from app.insights.schemas import ProfileStory
from app.insights.story import Storyteller
from app.llm.chat_model import About
from app.narrative.book import Book
from app.narrative.claims import choose
from app.narrative.ground import ground
from app.narrative.measures import recompute
from app.narrative.render import narrate, say
from app.narrative.schemas import Claim, Narrative
from app.narrative.tell import tell
from app.narrative.telling import Telling
from app.predict.explain.explanation import explained
from app.predict.reckoning import Reckoner
from app.profile.fold import State
from app.profile.memory import visits
from app.profile.schemas import Profile
from app.reading import Reader
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from app.viewing import evidence_of, masked, topics_of
from app.views import CustomerReading


@dataclass(frozen=True)
class Teller:
    """Reads a customer and tells them: profile, narrative, story, estimates, each with its evidence."""

    reader: Reader
    identity: IdentityStore
    reckoner: Reckoner
    storyteller: Storyteller
    taxonomy: Taxonomy
    concern: Concern

    def read(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool) -> CustomerReading:
        """Everything we believe about one customer at one moment, with evidence."""
        customer = self.reader.customer(workspace, ref)
        book = self.reader.book(workspace, customer, as_of=as_of)
        state = self.reader.state(workspace, customer, book)
        profile = self.reader.view(workspace, customer, state, as_of=as_of)
        facts = self._facts(workspace, state, profile, book, lang)
        model = self.reckoner.at(workspace, as_of).model
        ltv, churn = explain(model.ltv(customer.customer_id), model.churn(customer.customer_id), facts)
        predicted = prediction_claims(customer.customer_id, ltv, churn, as_of=as_of, concern=self.concern)
        narrative = tell(self._telling(workspace, state, profile, facts, book), lang)
        about = About(workspace.workspace_id, customer.customer_id)
        story = self._story(narrative, predicted, book, profile, about=about, ask_model=ask_model)
        return CustomerReading(
            workspace_id=workspace.workspace_id,
            customer_id=customer.customer_id,
            canonical_id=customer.canonical_id,
            aliases=customer.aliases,
            identifiers=self._masked(workspace, customer),
            as_of=as_of,
            profile=profile,
            story=story,
            narrative=narrative,
            ltv=ltv,
            churn=churn,
            spoken={claim.claim_id: say(claim, book, lang) for claim in story.claims},
            evidence=evidence_of(story.claims, narrative, book),
            topics={topic: self.taxonomy.name(topic, lang) for topic in topics_of(profile)},
        )

    def explain(self, workspace: Workspace, reading: CustomerReading, *, lang: Lang) -> CustomerExplanation:
        """Why the number of a customer who has been read is what it is; costs some thousands of estimates."""
        reckoning = self.reckoner.at(workspace, reading.as_of)
        cohort, model = reckoning.cohort, reckoning.model
        return tell_explanation(
            reading.customer_id,
            explained(model, cohort.purchases, reading.customer_id, day=cohort.as_of_day, beside=reckoning.beside),
            reading.story.claims,
            reading.spoken,
            model.fitted.churn.leads,
            zone=workspace.zone,
            as_of=reading.as_of,
            lang=lang,
        )

    def _facts(self, workspace: Workspace, state: State, profile: Profile, book: Book, lang: Lang) -> tuple[Claim, ...]:
        """The claims that the state makes and the events confirm, less those that touch the sensitivity list."""
        context, forbidden = self.reader.context(workspace, book), self.taxonomy.forbidden_words()
        found = ground(choose(state, profile, context, currency=workspace.currency), book).claims
        return tuple(claim for claim in found if not mentions(say(claim, book, lang), forbidden))

    def _telling(
        self, workspace: Workspace, state: State, profile: Profile, facts: Sequence[Claim], book: Book
    ) -> Telling:
        return Telling(
            profile=profile,
            claims=tuple(facts),
            visits=visits.view(state.visits),
            items=self._speakable(book.history.items),
            texts=book.history.texts,
            zone=workspace.zone,
            currency=workspace.currency,
            taxonomy=self.taxonomy,
        )

    def _speakable(self, items: Mapping[str, Item]) -> dict[str, Item]:
        """The items whose titles may be said; the others go by their ids."""
        return {name: item for name, item in items.items() if not self.taxonomy.forbidden_in(item.title)}

    def _story(
        self,
        narrative: Narrative,
        predicted: Sequence[Claim],
        book: Book,
        profile: Profile,
        *,
        about: About,
        ask_model: bool,
    ) -> ProfileStory:
        """The story of the narrative's facts and the predictions; the latter are compared with the estimator."""
        estimates = {claim.claim_id: claim for claim in predicted}
        claims = (*narrative.claims, *predicted)
        whole = narrative.model_copy(
            update={
                "claims": claims,
                "sentences": narrate(claims, book, narrative.lang).sentences if claims else narrative.sentences,
            }
        )
        return self.storyteller.tell(
            whole,
            {claim.claim_id: say(claim, book, narrative.lang) for claim in whole.claims},
            lambda claim: estimates.get(claim.claim_id) or recompute(claim, book),
            about=about,
            fold_version=profile.fold_version,
            identity_version=profile.identity_version,
            forbidden=self.taxonomy.forbidden_words(),
            book=book,
            ask_model=ask_model,
        )

    def _masked(self, workspace: Workspace, customer: Customer) -> tuple[str, ...]:
        raw = self.identity.raw(workspace.workspace_id, customer.identifiers)
        return tuple(masked(key, raw) for key in customer.identifiers)
