"""Answers to "give me a list": how many it would hold; the file itself waits for a person."""

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, joining, segment_ref, stating
from app.assistant.tools.acting import Arguments, ExportAudience, count_export, pending_of


def export(question: Question) -> Parts:
    """Who would be on the list, and that it is made once somebody approves it."""
    say, asking, whom = question.say, question.asking, question.whom()
    found = count_export(question.pipeline, asking, say.lang, ExportAudience(**whom.model_dump()))
    expression = found.audience.expression
    who = say.group(found.audience, asking.as_of, whom.period)
    where = say("export.via", channel=say.channel(found.channel)) if found.channel else say("export.anywhere")
    head = joining(say("export.understood", who=who, where=where))
    if not found.members:
        return Parts(
            sentences=(head, stating(say("export.nobody"), segment_ref(expression))),
            links=(links.segment(say, expression),),
            suggestions=(say("ask.classes"), say("ask.leaving")),
        )
    n, agreed = say.number(found.members), say.number(found.agreed)
    key = "export.counts_channel" if found.channel else "export.counts"
    channel = say.channel(found.channel) if found.channel else ""
    arguments: Arguments = {"segment": expression, "channel": found.channel}
    facts = stating(say(key, n=n, agreed=agreed, channel=channel), segment_ref(expression))
    data = joining(say("export.addresses" if found.channel else "export.no_addresses", channel=channel))
    return Parts(
        sentences=(head, facts, data, joining(say("find.expression", expression=expression))),
        links=(links.segment(say, expression),),
        suggestions=(*say.ask_about("ask.plan_for", found.audience), say("ask.classes")),
        pending=pending_of(asking, "export_audience", say("pending.export", who=who, agreed=agreed), arguments)
        if found.agreed
        else None,
    )
