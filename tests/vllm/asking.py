"""Real prompts about real customers of the demo shop, and a check of answers against the schema that was sent."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice

from pydantic import JsonValue

from app.bootstrap import PROMPTS, App
from app.insights.schemas import StoryDraft
from app.llm.chat_model import DEFAULT_SAMPLING, AnswerSchema, ChatModel, Completion, Message, Sampling
from app.llm.output_schema import strict_schema
from app.llm.prompts import PromptLibrary, RenderedPrompt
from app.schema import Lang
from app.strategy.copywriter import StrategyDraft

LIBRARY = PromptLibrary(PROMPTS)
SCHEMA = AnswerSchema("StoryDraft", strict_schema(StoryDraft))
_THEMES = (
    "1. {0}，慢慢挑 | {0}专区有空来翻翻。\n2. 上次看过的{0} | 还在这里，不急着决定。\n3. 换个口味 | {0}之外也看看。"
)


class Listening(ChatModel):
    """Passes each question on to a model and keeps what it answered."""

    def __init__(self, model: ChatModel) -> None:
        self.answers: list[Completion] = []
        self._model = model

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
    ) -> Completion:
        answer = self._model.complete(messages, schema=schema, sampling=sampling, spent_ms=spent_ms)
        self.answers.append(answer)
        return answer


def refs(app: App, n: int) -> tuple[str, ...]:
    """Ids of `n` customers of the demo shop."""
    workspace = app.pipeline.access.workspace("demo")
    moment = app.pipeline.log.latest(workspace.workspace_id)
    assert moment
    found = app.pipeline.customers(workspace, as_of=moment, limit=n).rows
    assert len(found) == n
    return tuple(row.customer_id for row in found)


def told_claims(app: App, ref: str, lang: Lang) -> str:
    """The claims of one customer as the story prompt shows them."""
    workspace = app.pipeline.access.workspace("demo")
    moment = app.pipeline.log.latest(workspace.workspace_id)
    assert moment
    reading = app.pipeline.read_customer(workspace, ref, as_of=moment, lang=lang, ask_model=False)
    return "\n".join(f"[{claim.claim_id}] {reading.spoken[claim.claim_id]}" for claim in reading.story.claims)


def stories(app: App, n: int, *, mark: str = "") -> Iterator[RenderedPrompt]:
    """Story prompts of `n` customers; a `mark` makes their customer part one that the server has never seen."""
    for number, ref in enumerate(refs(app, n)):
        marked = f"[{mark}{number}] {mark}{number}\n" if mark else ""
        values = {"claims": marked + told_claims(app, ref, "zh"), "language": "简体中文"}
        yield LIBRARY.render("profile_story", StoryDraft, values)


def strategies(app: App, n: int) -> Iterator[RenderedPrompt]:
    topics = [app.pipeline.taxonomy.name(topic, "zh") for topic in app.pipeline.taxonomy.topics]
    for number, topic in enumerate(islice(cycle(topics), n)):
        values = {"themes": _THEMES.format(f"{topic}{number}"), "language": "简体中文"}
        yield LIBRARY.render("strategy_draft", StrategyDraft, values)


def fits(value: JsonValue, schema: Mapping[str, JsonValue], defs: Mapping[str, JsonValue]) -> bool:
    """Whether `value` keeps to a schema of the subset that `strict_schema` writes, checked without pydantic."""
    if isinstance(name := schema.get("$ref"), str):
        part = defs[name.removeprefix("#/$defs/")]
        return isinstance(part, dict) and fits(value, part, defs)
    kind, low, high = schema["type"], schema.get("minItems", 0), schema.get("maxItems", 0)
    if kind == "array":
        items = schema["items"]
        assert isinstance(items, dict)
        return isinstance(value, list) and low <= len(value) <= high and all(fits(v, items, defs) for v in value)
    if kind == "object":
        parts = schema["properties"]
        assert isinstance(parts, dict)
        return (
            isinstance(value, dict)
            and value.keys() == parts.keys()
            and all(fits(value[name], part, defs) for name, part in parts.items())
        )
    assert kind == "string"
    return isinstance(value, str) and len(value) <= schema["maxLength"]
