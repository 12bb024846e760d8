"""The story and, below it, what the chosen sentence stands on: claims in plain words, then the events themselves."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nicegui import ui

from app.console.format import Formatter
from app.console.frame import Page, card, text
from app.console.who_spoke import who_spoke
from app.narrative.schemas import MAX_EVIDENCE, Claim, ClaimKind, Sentence
from app.views import CustomerReading, EvidenceEvent

_MARKED = {ClaimKind.INFERENCE: "inference", ClaimKind.PREDICTION: "prediction"}
_OPEN_ROWS = 12
"""Groups of evidence are open as long as they show no more rows than this together."""
_SHOW = "setTimeout(() => document.getElementById('%s')?.scrollIntoView({block: 'nearest', behavior: 'smooth'}), 80)"


class Group(NamedTuple):
    """Claims that stand on the same evidence."""

    claims: tuple[Claim, ...]
    events: tuple[EvidenceEvent, ...]


class StoryPanel:
    """Sentences that open their evidence."""

    def __init__(self, page: Page, reading: CustomerReading) -> None:
        """Draw the story, and a hint where the evidence will be."""
        self._page, self._reading = page, reading
        self._chosen: ui.element | None = None
        with card(page.say("customer.story"), page.say("customer.story_hint"), "story-card"):
            with ui.element("div").classes("story"):
                for number, sentence in enumerate(reading.story.sentences, start=1):
                    self._sentence(number, sentence)
            who_spoke(page, reading.story.provenance, reading.story.dropped)
            self._evidence = ui.element("div").classes("evidence")
            with self._evidence:
                text(page.say("story.evidence_hint"), "muted")

    def _sentence(self, number: int, sentence: Sentence) -> None:
        mark = _mark_of(sentence, self._reading)
        with ui.element("span").classes(f"sentence {mark}") as span:
            span.props("role=button tabindex=0")
            if mark and not sentence.text.lower().startswith(word := self._page.say(f"story.marks.{mark}")):
                text(word, "mark")
            text(sentence.text, "words")
            text(str(number), "cite")
        for trigger in ("click", "keydown.enter"):
            span.on(trigger, lambda: self._open(number, sentence, span))

    def _open(self, number: int, sentence: Sentence, span: ui.element) -> None:
        if self._chosen:
            self._chosen.classes(remove="chosen")
        self._chosen = span.classes("chosen")
        self._evidence.clear()
        with self._evidence:
            with ui.element("div").classes("evidence-head"):
                text(str(number), "cite-large")
                text(sentence.text, "strong")
            groups = grouped(sentence, self._reading)
            if not groups:
                text(self._page.say("story.no_claims"), "muted")
            shown = 0
            for group in groups:
                shown += len(group.events)
                self._group(group, is_open=shown <= _OPEN_ROWS or group is groups[0])
        ui.run_javascript(_SHOW % self._evidence.html_id)

    def _group(self, group: Group, *, is_open: bool) -> None:
        with ui.element("div").classes("claim-group"):
            for claim in group.claims:
                self._claim(claim)
            first = group.claims[0]
            if first.query_ref:
                ref = first.query_ref
                text(self._page.say("story.by_query", limit=MAX_EVIDENCE, count=ref.count, hash=ref.hash), "muted")
                text(ref.query, "query")
            elif first.kind is ClaimKind.PREDICTION:
                model = self._reading.ltv.model_card_id or "–"
                text(self._page.say("story.from_estimator", model=model), "muted")
            elif group.events:
                with ui.element("details").classes("events") as details:
                    if is_open:
                        details.props("open")
                    with ui.element("summary"):
                        text(self._page.say("story.events", count=len(group.events)), "inline")
                    event_table(group.events, self._page)

    def _claim(self, claim: Claim) -> None:
        say = self._page.say
        with ui.element("div").classes("claim"):
            badge = text(say(f"story.kinds.{claim.kind}"), f"badge kind-{claim.kind}")
            badge.tooltip(say(f"story.kind_notes.{claim.kind}"))
            text(self._reading.spoken[claim.claim_id])


def grouped(sentence: Sentence, reading: CustomerReading) -> list[Group]:
    """A sentence's claims, those with the same evidence together, in the order in which they are said."""
    by_id = {claim.claim_id: claim for claim in reading.story.claims}
    groups: dict[object, list[Claim]] = {}
    for claim in (by_id[claim_id] for claim_id in sentence.claim_ids if claim_id in by_id):
        groups.setdefault((claim.evidence, claim.query_ref, claim.kind is ClaimKind.PREDICTION), []).append(claim)
    return [Group(tuple(claims), _events(claims[0].evidence, reading)) for claims in groups.values()]


def _events(ids: Iterable[str], reading: CustomerReading) -> tuple[EvidenceEvent, ...]:
    found = [reading.evidence[event_id] for event_id in ids if event_id in reading.evidence]
    return tuple(sorted(found, key=lambda event: (event.occurred_at, event.event_id)))


def event_table(events: Sequence[EvidenceEvent], page: Page) -> None:
    """Events as rows: local time, kind, item, amount, text, source; columns that no event fills are left out."""
    rows = [event_cells(event, page.show) for event in events]
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    with ui.element("table").classes("event-table"):
        with ui.element("thead"), ui.element("tr"):
            for name in columns:
                _cell("th", page.say(f"story.columns.{name}"), name)
        with ui.element("tbody"):
            for event, row in zip(events, rows, strict=True):
                with ui.element("tr") as line:
                    line.props["title"] = event.event_id
                    for name in columns:
                        _cell("td", row[name], name)


def event_cells(event: EvidenceEvent, show: Formatter) -> dict[str, str]:
    """One event in words, by column."""
    return {
        "at": show.time(event.occurred_at),
        "kind": show.say.of("kinds", event.kind),
        "item": event.item_title or event.item_id or "",
        "amount": "" if event.amount_minor is None else show.exact(event.amount_minor, event.currency or ""),
        "text": event.text or "",
        "source": event.source,
    }


def _cell(tag: str, words: str, name: str) -> None:
    with ui.element(tag).classes(f"cell-{name}"):
        text(words)


def _mark_of(sentence: Sentence, reading: CustomerReading) -> str:
    kinds = {c.kind for c in reading.story.claims if c.claim_id in sentence.claim_ids} | {sentence.kind}
    return next((name for kind, name in _MARKED.items() if kind in kinds), "")
