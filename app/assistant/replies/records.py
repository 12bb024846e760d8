"""Answers about what is on record: who is who, who agreed to what, how good the data are."""

from collections.abc import Iterator

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, joining, segment_ref, stating
from app.assistant.schemas import Table
from app.assistant.tools.audience import who_of
from app.assistant.tools.records import (
    AskConsent,
    AskIdentity,
    CheckData,
    CustomerConsent,
    DataState,
    GroupConsent,
    Identity,
    ShopIdentity,
    ShownEdge,
    consent_of,
    data_state,
    identity_of,
)
from app.narrative.schemas import Sentence
from app.viewing import names_of

_EDGES, _FAULTS = 12, 8
_STALE_HOURS = 48


def identity(question: Question) -> Parts:
    """The identifiers that are one person, and the links that say so."""
    say, ref = question.say, question.one()
    found = identity_of(question.pipeline, question.asking, say.lang, AskIdentity(customer=ref))
    if isinstance(found, ShopIdentity):
        return _shop(question, found)
    name = say.customer(found.identifiers[0]) if found.identifiers else found.customer_id
    return Parts(
        sentences=(joining(say("identity.understood", name=name)), *_links_said(question, found)),
        tables=(_edges(question, found),) if found.edges else (),
        links=(links.customer(say, found.customer_id, name),),
        suggestions=(say("ask.who_is", name=name), say("ask.consents_of", name=name)),
    )


def _shop(question: Question, found: ShopIdentity) -> Parts:
    say = question.say
    n, ids, several = (say.number(x) for x in (found.customers, found.identifiers, found.several))
    return Parts(
        sentences=(
            joining(say("identity.understood_shop")),
            stating(say("identity.shop", n=n, identifiers=ids, several=several), "identity"),
            joining(say("identity.one")),
        ),
        links=(links.page(say, "data"),),
        suggestions=(say("ask.data"),),
    )


def _links_said(question: Question, found: Identity) -> Iterator[Sentence]:
    say, ref = question.say, f"customer:{found.customer_id}"
    names = say.every(
        say("identity.named", kind=_kind(question, key), value=say.customer(key)) for key in found.identifiers
    )
    yield stating(say("identity.made_of", n=say.number(len(found.identifiers)), names=names), ref)
    held = [edge for edge in found.edges if not edge.refused and not edge.revoked]
    refused = [edge for edge in found.edges if edge.refused]
    if held:
        first = held[0]
        text = say(
            "identity.because", n=say.number(len(held)), a=say.customer(first.a), b=say.customer(first.b),
            rule=say.of("identity.rules", first.rule), date=say.date(first.occurred_at),
        )  # fmt: skip
        yield stating(text, ref)
    elif len(found.identifiers) == 1:
        yield stating(say("identity.alone"), ref)
    if refused:
        why = say.of("identity.rules", refused[0].rule)
        yield stating(say("identity.refused", n=say.number(len(refused)), why=why), ref)
    if found.aliases:
        yield stating(say("identity.aliases", n=say.number(len(found.aliases))), ref)
    yield joining(say("identity.undo"))


def _kind(question: Question, key: str) -> str:
    return question.say.of("identifiers", key.partition(":")[0])


def _edges(question: Question, found: Identity) -> Table:
    say = question.say
    rows = tuple(_edge(question, edge) for edge in found.edges[:_EDGES])
    heads = tuple(say(f"columns.{name}") for name in ("a", "b", "why", "source", "date", "standing"))
    return Table(title=say("identity.table"), columns=heads, rows=rows, total=len(found.edges))


def _edge(question: Question, edge: ShownEdge) -> tuple[str, ...]:
    say = question.say
    standing = "refused" if edge.refused else "revoked" if edge.revoked else "holds"
    return (
        say.customer(edge.a), say.customer(edge.b), say.of("identity.rules", edge.rule), edge.source,
        say.date(edge.occurred_at), say(f"identity.standing.{standing}"),
    )  # fmt: skip


def consent(question: Question) -> Parts:
    """Who may be written to; what one customer agreed to, and what is stored of them."""
    say, slots = question.say, question.slots
    asked = AskConsent(**who_of(slots).model_dump(), customer=slots.customer)
    found = consent_of(question.pipeline, question.asking, say.lang, asked)
    return _one(question, found) if isinstance(found, CustomerConsent) else _many(question, found)


def _one(question: Question, found: CustomerConsent) -> Parts:
    say = question.say
    names = names_of(question.pipeline.identity, question.asking.workspace.workspace_id, [found.customer_id])
    name, ref = say.customer(names.get(found.customer_id, found.customer_id)), f"customer:{found.customer_id}"
    allowed = [say.channel(channel) for channel, is_open in found.allowed.items() if is_open]
    closed = [say.channel(channel) for channel, is_open in found.allowed.items() if not is_open]
    said = [stating(say("consent.suppressed"), ref)] if found.suppressed else []
    if wanted := question.slots.channel:
        key = "consent.may" if found.allowed[wanted] and not found.suppressed else "consent.may_not"
        said.insert(0, stating(say(key, name=name, channel=say.channel(wanted)), ref))
    said += [stating(say("consent.allowed", channels=say.every(allowed)), ref)] if allowed else []
    said += [stating(say("consent.closed", channels=say.every(closed)), ref)] if closed else []
    stored = {"events": found.events, "identifiers": found.identifiers, "inferred": found.inferred}
    said.append(stating(say("consent.stored", **{key: say.number(n) for key, n in stored.items()}), ref))
    rows = tuple(
        (
            say.of("consent.channels", one.channel), say("consent.granted" if one.granted else "consent.refused"),
            say.date(one.at),
        )
        for one in found.said
    )  # fmt: skip
    heads = tuple(say(f"columns.{name}") for name in ("channel", "agreed", "date"))
    return Parts(
        sentences=(joining(say("consent.understood", name=name)), *said, joining(say("consent.rights"))),
        tables=(Table(title=say("consent.table"), columns=heads, rows=rows, total=len(rows)),) if rows else (),
        links=(links.customer(say, found.customer_id, name),),
        suggestions=(say("ask.best_time", name=name), say("ask.identity", name=name)),
    )


def _many(question: Question, found: GroupConsent) -> Parts:
    say, expression = question.say, found.audience.expression
    who = say.group(found.audience, question.asking.as_of, question.slots.period)
    sentences = [joining(say("consent.understood_group", who=who))]
    for channel, n in found.agreed.items():
        share = say.share(n / found.customers if found.customers else 0)
        text = say(
            "consent.count", n=say.number(n), of=say.number(found.customers), channel=say.channel(channel), share=share
        )
        condition = f"consent({channel})"
        ref = segment_ref(condition if found.audience.everybody else f"{expression} and {condition}")
        sentences.append(stating(text, ref))
    sentences.append(stating(say("consent.nowhere", n=say.number(found.none)), segment_ref(expression)))
    sentences.append(joining(say("consent.silence")))
    first = next(iter(found.agreed))
    linked = f"consent({first})" if found.audience.everybody else f"{expression} and consent({first})"
    return Parts(
        sentences=tuple(sentences),
        links=(links.segment(say, linked),),
        suggestions=(say("ask.export_channel", channel=say.channel(first)), say("ask.leaving")),
    )


def quality(question: Question) -> Parts:
    """How far the data reach, what waits, and what was wrong with each source."""
    say = question.say
    found = data_state(question.pipeline, question.asking, say.lang, CheckData())
    return Parts(
        sentences=(joining(say("quality.understood")), *_fresh(question, found), *_clean(question, found)),
        tables=tuple(table for table in (_sources(question, found), _faults(question, found)) if table.rows),
        links=(links.page(say, "data"),),
        suggestions=(say("ask.classes"), say("ask.identity_shop")),
        warnings=(say("quality.stale_warning"),) if _stale(question, found) else (),
    )


def _stale(question: Question, found: DataState) -> bool:
    if found.newest is None:
        return False
    return (question.asking.now - found.newest).total_seconds() > _STALE_HOURS * 3600


def _fresh(question: Question, found: DataState) -> Iterator[Sentence]:
    say = question.say
    if found.newest is None:
        yield stating(say("quality.empty"), "sources")
        return
    hours = max(0.0, (question.asking.now - found.newest).total_seconds() / 3600)
    ago = (
        say("quality.hours", n=say.number(round(hours)))
        if hours < _STALE_HOURS
        else say("quality.days", n=say.number(round(hours / 24)))
    )
    key = "quality.old" if hours >= _STALE_HOURS else "quality.fresh"
    yield stating(say(key, at=say.moment(found.newest), ago=ago), "sources")
    yield stating(
        say("quality.waiting", n=say.number(found.waiting)) if found.waiting else say("quality.folded"), "sources"
    )


def _clean(question: Question, found: DataState) -> Iterator[Sentence]:
    say = question.say
    records = sum(source.records for source in found.sources)
    doubled = sum(source.duplicates for source in found.sources)
    if records:
        n, twice = say.number(records), say.number(doubled)
        yield stating(say("quality.records", n=n, sources=say.number(len(found.sources)), doubled=twice), "sources")
    key = "quality.quarantined" if found.quarantined else "quality.no_quarantine"
    yield stating(say(key, n=say.number(found.quarantined)), "quarantine")
    if found.reasons:
        worst = found.reasons[0]
        text = say(
            "quality.worst", source=worst.source, reason=_reason(question, worst.code), n=say.number(worst.count)
        )
        yield stating(text, "quarantine")


def _reason(question: Question, code: str) -> str:
    """Why records wait, in words where there are some."""
    return question.say.of("reasons", code)


def _sources(question: Question, found: DataState) -> Table:
    say = question.say
    rows = tuple(
        (
            one.source, say.number(one.records), say.number(one.duplicates), say.number(one.waiting),
            say.date(one.newest_event) if one.newest_event else say("never"),
        )
        for one in found.sources
    )  # fmt: skip
    heads = tuple(say(f"columns.{name}") for name in ("source", "records", "duplicates", "quarantined", "newest"))
    return Table(title=say("quality.table"), columns=heads, rows=rows, total=len(rows))


def _faults(question: Question, found: DataState) -> Table:
    say = question.say
    rows = tuple((one.source, _reason(question, one.code), say.number(one.count)) for one in found.reasons[:_FAULTS])
    heads = tuple(say(f"columns.{name}") for name in ("source", "check", "count"))
    return Table(title=say("quality.faults"), columns=heads, rows=rows, total=len(found.reasons))
