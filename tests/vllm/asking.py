"""Real prompts about real customers of the demo shop, and a check of answers against the schema that was sent."""

from collections.abc import Iterator, Mapping
from itertools import cycle, islice

from pydantic import JsonValue

from app.bootstrap import PROMPTS, App
from app.insights import retell
from app.insights.ground import Ground
from app.insights.schemas import StoryDraft
from app.llm.chat_model import AnswerSchema
from app.llm.output_schema import strict_schema
from app.llm.prompts import PromptLibrary, RenderedPrompt
from app.schema import Lang
from app.strategy import copywriter
from app.strategy.grounds import Grounds
from app.strategy.schemas import Theme

LIBRARY = PromptLibrary(PROMPTS)
SCHEMA = AnswerSchema("StoryDraft", strict_schema(StoryDraft))
_THEMES = (
    Theme(title="{0}，慢慢挑", draft="{0}专区有空来翻翻。"),
    Theme(title="上次看过的{0}", draft="还在这里，不急着决定。"),
    Theme(title="换个口味", draft="{0}之外也看看。"),
)


def refs(app: App, n: int) -> tuple[str, ...]:
    """Ids of `n` customers of the demo shop."""
    workspace = app.pipeline.access.workspace("demo")
    moment = app.pipeline.log.latest(workspace.workspace_id)
    assert moment
    found = app.pipeline.customers(workspace, as_of=moment, limit=n).rows
    assert len(found) == n
    return tuple(row.customer_id for row in found)


def ground(app: App, ref: str, lang: Lang, mark: str) -> Ground:
    """What may be told of one customer; a `mark` goes before their first claim."""
    workspace = app.pipeline.access.workspace("demo")
    moment = app.pipeline.log.latest(workspace.workspace_id)
    assert moment
    reading = app.pipeline.read_customer(workspace, ref, as_of=moment, lang=lang, ask_model=False)
    claims, spoken = reading.story.claims, dict(reading.spoken)
    first = claims[0].model_copy(update={"claim_id": f"{mark}{claims[0].claim_id}"})
    spoken[first.claim_id] = f"{mark}{spoken[claims[0].claim_id]}"
    return Ground((first, *claims[1:]), spoken, (), ())


def stories(app: App, n: int, *, mark: str = "") -> Iterator[RenderedPrompt]:
    """Story prompts of `n` customers; a `mark` makes their customer part one that the server has never seen."""
    for number, ref in enumerate(refs(app, n)):
        yield retell.question(LIBRARY, ground(app, ref, "zh", f"{mark}{number}" if mark else ""), "zh")


def strategies(app: App, n: int) -> Iterator[RenderedPrompt]:
    topics = [app.pipeline.taxonomy.name(topic, "zh") for topic in app.pipeline.taxonomy.topics]
    for number, topic in enumerate(islice(cycle(topics), n)):
        name = f"{topic}{number}"
        said = [Theme(title=theme.title.format(name), draft=theme.draft.format(name)) for theme in _THEMES]
        yield copywriter.question(LIBRARY, said, Grounds(), "zh")


def fits(value: JsonValue, schema: Mapping[str, JsonValue], defs: Mapping[str, JsonValue]) -> bool:
    """Whether `value` keeps to a schema of the subset that `strict_schema` writes, checked without pydantic."""
    if isinstance(name := schema.get("$ref"), str):
        return fits(value, _part(defs[name.removeprefix("#/$defs/")]), defs)
    if isinstance(choices := schema.get("enum"), list):
        return value in choices
    match schema["type"]:
        case "array":
            items, low, high = _part(schema["items"]), schema.get("minItems", 0), schema["maxItems"]
            assert isinstance(low, int)
            assert isinstance(high, int)
            return isinstance(value, list) and low <= len(value) <= high and all(fits(v, items, defs) for v in value)
        case "object":
            parts = _part(schema["properties"])
            named = isinstance(value, dict) and value.keys() == parts.keys()
            return named and all(fits(value[name], _part(part), defs) for name, part in parts.items())
        case "integer":
            low, high = schema.get("minimum"), schema["maximum"]
            assert isinstance(high, int)
            return type(value) is int and value <= high and (not isinstance(low, int) or value >= low)
    longest = schema["maxLength"]
    assert schema["type"] == "string"
    assert isinstance(longest, int)
    return isinstance(value, str) and len(value) <= longest


def _part(schema: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(schema, dict)
    return schema
