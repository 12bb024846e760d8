"""A question that was understood -> its answer, made by code over the pipeline. Nothing is written by answering."""

from collections.abc import Callable

from app.access.schemas import Role
from app.assistant.asking import Asking
from app.assistant.carrying_out import carry_out
from app.assistant.replies import (
    buying,
    cases,
    deciding,
    doing,
    exporting,
    finding,
    groups,
    people,
    reaching,
    records,
    refusing,
    shifting,
)
from app.assistant.replies.parts import Parts, Question, meant, stating
from app.assistant.schemas import Intent, Pending, Reply, Understood
from app.assistant.speaking import Speaker
from app.assistant.tools.unknown import Unknown
from app.assistant.word_reply import ReplyWriter
from app.errors import NotFound
from app.insights.schemas import Provenance
from app.narrative.schemas import ClaimKind
from app.pipeline import Pipeline
from app.profile.fold import FOLD_VERSION

_COMPOSERS: dict[Intent, Callable[[Question], Parts]] = {
    Intent.FIND_CUSTOMERS: finding.find,
    Intent.READ_CUSTOMER: people.read,
    Intent.EXPLAIN_NUMBER: people.explain,
    Intent.COMPARE_SEGMENTS: groups.compare,
    Intent.SEGMENT_STATS: groups.stats,
    Intent.SEARCH_CAMPAIGNS: cases.search,
    Intent.DRAFT_STRATEGY: doing.draft,
    Intent.APPROVE_OR_CHANGE_STRATEGY: deciding.decide,
    Intent.CAMPAIGN_RESULTS: cases.results,
    Intent.BEST_TIME_OR_CHANNEL: reaching.reach,
    Intent.IDENTITY_QUESTION: records.identity,
    Intent.CONSENT_OR_PRIVACY: records.consent,
    Intent.DATA_QUALITY: records.quality,
    Intent.INTEREST_SHIFT_REPORT: shifting.report,
    Intent.NEXT_PURCHASE: buying.buy_next,
    Intent.AUDIENCE_EXPORT: exporting.export,
    Intent.BUDGET_ALLOCATION: doing.allocate,
    Intent.OUT_OF_SCOPE: refusing.out_of_scope,
    Intent.AMBIGUOUS: refusing.ambiguous,
}
_OVER_ALL = (
    Intent.FIND_CUSTOMERS,
    Intent.COMPARE_SEGMENTS,
    Intent.SEGMENT_STATS,
    Intent.AUDIENCE_EXPORT,
    Intent.BUDGET_ALLOCATION,
    Intent.INTEREST_SHIFT_REPORT,
)
"""They are answered from the profiles of all customers."""
_NEED_NO_DATA = (Intent.OUT_OF_SCOPE, Intent.AMBIGUOUS, Intent.DATA_QUALITY)


class Replies:
    """Answers in the question's language; the same question at the same moment has the same answer."""

    def __init__(self, pipeline: Pipeline, writer: ReplyWriter | None = None) -> None:
        """All figures come from `pipeline`; with a `writer` a model may word what was composed."""
        self._pipeline, self._writer = pipeline, writer

    def answer(self, asking: Asking, understood: Understood) -> Reply:
        """The answer, or what has to be said or asked first. Names that are not there are no errors."""
        speaker = Speaker(understood.lang, asking.workspace, self._pipeline.taxonomy)
        question = Question(self._pipeline, asking, _gone_on(understood, asking), speaker)
        parts = self._parts(question)
        reply = self._reply(question, parts)
        if self._writer is None or not asking.ask_model or parts.abstained or parts.provenance is not None:
            return reply
        return self._writer.word(reply, asking)

    def _reply(self, question: Question, parts: Parts) -> Reply:
        return Reply(
            understood=question.understood,
            as_of=question.asking.as_of,
            sentences=parts.sentences,
            tables=parts.tables,
            links=parts.links,
            suggestions=parts.suggestions,
            pending=parts.pending,
            abstained=parts.abstained,
            provenance=parts.provenance or composed(),
            warnings=(*parts.warnings, *_editor_needed(question, parts), *self._behind(question)),
        )

    def carry_out(self, asking: Asking, understood: Understood, pending: Pending) -> Reply:
        """Do what an editor approved, and say so. Forbidden for anybody else."""
        done = carry_out(self._pipeline, pending, asking, understood.lang)
        refs = (done.campaign_id,) if done.campaign_id else ()
        return Reply(
            understood=understood,
            as_of=asking.as_of,
            sentences=(stating(done.said, *refs, kind=ClaimKind.FACT),),
            links=done.links,
            provenance=composed(),
        )

    def _parts(self, question: Question) -> Parts:
        understood, asking = question.understood, question.asking
        intent = understood.intent
        no_data = self._pipeline.log.latest(asking.workspace.workspace_id) is None
        if no_data and intent not in _NEED_NO_DATA:
            return refusing.empty(question)
        if intent in _OVER_ALL and not self._pipeline.profiles.position(asking.workspace.workspace_id):
            return refusing.unread(question)
        missing = () if intent in _NEED_NO_DATA else refusing.lacking(understood, asking)
        if missing:
            return refusing.ask_back(question, missing)
        try:
            return _COMPOSERS[intent](question)
        except Unknown as error:
            return refusing.unknown(question, error)
        except NotFound:
            return refusing.nothing_then(question)

    def _behind(self, question: Question) -> tuple[str, ...]:
        """That profiles have not read all events yet."""
        waiting = self._pipeline.lag(question.asking.workspace).events
        return (question.say("behind", n=question.say.number(waiting)),) if waiting else ()


def _gone_on(understood: Understood, asking: Asking) -> Understood:
    """The same with the customer talked of just before, where that is who is meant."""
    one = meant(understood.slots, asking) if understood.intent in refusing.MAY_GO_ON else None
    slots = understood.slots.model_copy(update={"customer": one})
    return understood.model_copy(update={"slots": slots}) if one else understood


def _editor_needed(question: Question, parts: Parts) -> tuple[str, ...]:
    """That somebody else has to say yes, where a reader asks."""
    allowed = question.asking.role.allows(Role.EDITOR)
    return (question.say("needs_editor"),) if parts.pending and not allowed else ()


def composed() -> Provenance:
    """Where an answer comes from that code alone made."""
    return Provenance(rung="composer", fold_version=FOLD_VERSION, identity_version=0)
