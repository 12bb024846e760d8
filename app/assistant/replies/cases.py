"""Answers about campaigns: what worked before, and where ours stand."""

from collections.abc import Iterator

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, joining, stating
from app.assistant.schemas import Link, Table
from app.assistant.tools.cases import (
    SHOWN,
    CampaignResults,
    CampaignState,
    CaseRow,
    FoundCases,
    SearchCampaigns,
    campaign_results,
    search_campaigns,
)
from app.narrative.schemas import Sentence
from app.strategy.running.rolling import EVERYBODY
from app.strategy.running.schemas import RollUp, RunView

_MOST = 50


def search(question: Question) -> Parts:
    """Past campaigns that fit, those that surely did most first."""
    say, slots = question.say, question.slots
    asked = SearchCampaigns(
        customer=slots.customer, topic=slots.topic, segment=slots.segment, state=slots.state, channel=slots.channel,
        offer=slots.offer, limit=min(slots.limit or SHOWN, _MOST),
    )  # fmt: skip
    found = search_campaigns(question.pipeline, question.asking, say.lang, asked)
    head = joining(say("cases.understood", which=_which(question, found)))
    if not found.known:
        return Parts(
            sentences=(head, joining(say("cases.none_known")), joining(say("cases.first_test"))),
            links=(links.page(say, "knowledge"),),
            suggestions=(say("ask.leaving"),),
        )
    if not found.rows:
        return Parts(
            sentences=(head, stating(say("cases.none_fit", known=say.number(found.known)), "knowledge_base")),
            links=(links.page(say, "knowledge"),),
            suggestions=(say("ask.worked"),),
        )
    return Parts(
        sentences=(head, _counts(question, found), *_best(question, found), *_failed(question, found)),
        tables=(_table(question, found),),
        links=(links.page(say, "knowledge"), *_pages(question, found.rows)),
        suggestions=(say("ask.leaving"), say("ask.budget")),
        warnings=(say("cases.simulated"),) if any(row.evidence_kind == "simulated" for row in found.rows) else (),
    )


def _which(question: Question, found: FoundCases) -> str:
    say, slots = question.say, question.slots
    told = [say("cases.for_customer", name=slots.customer)] if slots.customer and slots.customer != "this" else []
    told += [say("cases.for_this")] if slots.customer == "this" else []
    told += [say("cases.about", topic=say.topic(slots.topic))] if slots.topic else []
    told += [say("cases.goal", goals=say.either([say(f"objectives.{o}") for o in found.objectives]))] * bool(
        found.objectives
    )
    told += [say("cases.via", channel=say.channel(slots.channel))] if slots.channel else []
    told += [say("cases.with", offer=say(f"offer_types.{slots.offer}"))] if slots.offer else []
    return say.every(told) or say("cases.any")


def _counts(question: Question, found: FoundCases) -> Sentence:
    say = question.say
    text = say(
        "cases.counts", n=say.number(found.total), worked=say.number(found.worked), failed=say.number(found.failed)
    )
    return stating(text, *(row.campaign_id for row in found.rows))


def _best(question: Question, found: FoundCases) -> Iterator[Sentence]:
    say, best = question.say, found.rows[0]
    if best.lift is None:
        yield stating(say("cases.unmeasured"), best.campaign_id)
        return
    key = "cases.best" if best.worked else "cases.best_unsure"
    text = say(
        key,
        title=best.title, how=_how(question, best), lift=say.signed(best.lift.mean), low=say.signed(best.lift.low),
        high=say.signed(best.lift.high), n=say.number(best.lift.treated_n), m=say.number(best.lift.control_n),
        days=say.number(best.age_days),
    )  # fmt: skip
    yield stating(text, best.campaign_id)


def _failed(question: Question, found: FoundCases) -> Iterator[Sentence]:
    bad = [row for row in found.rows if row.failed]
    if bad:
        yield stating(question.say("cases.avoid", title=bad[0].title), bad[0].campaign_id)


def _how(question: Question, row: CaseRow) -> str:
    say = question.say
    return say("cases.how", channel=say.channel(row.channel), offer=say.offer(row.offer))


def _pages(question: Question, rows: tuple[CaseRow, ...]) -> tuple[Link, ...]:
    found = {row.campaign_id: row.title for row in rows}
    return tuple(links.case(question.say, campaign_id, title) for campaign_id, title in found.items())[: links.MOST]


def _table(question: Question, found: FoundCases) -> Table:
    say = question.say
    rows = tuple(_row(question, row) for row in found.rows)
    names = ("campaign", "objective", "how", "lift", "sizes", "age", "evidence")
    heads = tuple(say(f"columns.{name}") for name in names)
    paths = tuple(links.case(say, row.campaign_id, row.title).path for row in found.rows)
    return Table(title=say("cases.table"), columns=heads, rows=rows, total=found.total, paths=paths)


def _row(question: Question, row: CaseRow) -> tuple[str, ...]:
    say, lift = question.say, row.lift
    sizes = say("cases.sizes", n=say.number(lift.treated_n), m=say.number(lift.control_n)) if lift else say("unknown")
    return (
        row.title, say(f"objectives.{row.objective}"), _how(question, row), say.lift(lift), sizes,
        say("days_ago", days=say.number(row.age_days)), say(f"evidence.{row.evidence_kind}"),
    )  # fmt: skip


def results(question: Question) -> Parts:
    """One campaign and what it did so far, or all of ours with where they stand."""
    say = question.say
    asked = CampaignResults(campaign=question.slots.campaign)
    found = campaign_results(question.pipeline, question.asking, say.lang, asked)
    if found.named and len(found.found) == 1:
        return _one(question, found.found[0])
    head = joining(say("results.understood_all"))
    if not found.found:
        past = search(question)
        return past._replace(sentences=(head, joining(say("results.none")), *past.sentences[1:]))
    count = stating(say("results.count", n=say.number(len(found.found))), *(one.campaign_id for one in found.found))
    rows = tuple(_state_row(question, one) for one in found.found)
    heads = tuple(say(f"columns.{name}") for name in ("campaign", "status", "addressed", "held", "lift"))
    first = found.found[0].title
    return Parts(
        sentences=(head, count),
        tables=(Table(title=say("results.table"), columns=heads, rows=rows, total=len(rows)),),
        links=(links.page(say, "campaigns"),),
        suggestions=(say("ask.results_of", title=first), say("ask.worked")),
    )


def _one(question: Question, state: CampaignState) -> Parts:
    say = question.say
    head = joining(say("results.understood", title=state.title))
    if state.run is None:
        rows = tuple(_row(question, row) for row in state.past)
        said = tuple(_past(question, row) for row in state.past)
        names = ("campaign", "objective", "how", "lift", "sizes", "age", "evidence")
        heads = tuple(say(f"columns.{name}") for name in names)
        return Parts(
            sentences=(head, *said),
            tables=(Table(title=say("results.table"), columns=heads, rows=rows, total=len(rows)),),
            links=(links.case(say, state.campaign_id, state.title),),
            suggestions=(say("ask.worked"),),
            warnings=(say("cases.simulated"),) if any(row.evidence_kind == "simulated" for row in state.past) else (),
        )
    return Parts(
        sentences=(head, *_standing(question, state.run, state.result)),
        links=(links.page(say, "campaigns"),),
        suggestions=(say("ask.stop", title=state.title), say("ask.worked")),
    )


def _past(question: Question, row: CaseRow) -> Sentence:
    say = question.say
    if row.lift is None:
        return stating(say("results.past_unmeasured", how=_how(question, row)), row.campaign_id)
    verdict = "worked" if row.worked else "failed" if row.failed else "unclear"
    text = say(
        f"results.past.{verdict}",
        how=_how(question, row), lift=say.lift(row.lift), n=say.number(row.lift.treated_n),
        m=say.number(row.lift.control_n),
    )  # fmt: skip
    return stating(text, row.campaign_id)


def _standing(question: Question, run: RunView, result: RollUp | None) -> Iterator[Sentence]:
    say, campaign = question.say, run.run.campaign
    *arms, held = run.counts
    text = say(
        "results.standing",
        status=say(f"statuses.{run.status}"), n=say.number(sum(arm.assigned for arm in arms)),
        handed=say.number(sum(arm.handed for arm in arms)), held=say.number(held.assigned),
        until=say.date(run.closes_at),
    )  # fmt: skip
    yield stating(text, campaign.campaign_id)
    if result is None:
        return
    for one in result.results:
        if one.segment == EVERYBODY:
            key = "results.lift" if one.lift else "results.no_lift"
            yield stating(say(key, lift=say.lift(one.lift)), campaign.campaign_id)
    for caution in result.cautions:
        yield stating(say(f"cautions.{caution}"), campaign.campaign_id)


def _state_row(question: Question, state: CampaignState) -> tuple[str, ...]:
    say, run = question.say, state.run
    if run is None:
        return (state.title, say("statuses.past"), "", "", say.lift(state.past[0].lift if state.past else None))
    *arms, held = run.counts
    lift = next((one.lift for one in state.result.results if one.segment == EVERYBODY), None) if state.result else None
    return (
        state.title, say(f"statuses.{run.status}"), say.number(sum(arm.assigned for arm in arms)),
        say.number(held.assigned), say.lift(lift),
    )  # fmt: skip
