"""What a question was understood as, in words of the page."""

from app.assistant.schemas import Understood
from app.console.frame import Page
from app.profile.schemas import RfmClass
from app.strategy.wording import wording as strategy_wording

_CLASSES = frozenset(RfmClass)


def understood_line(page: Page, understood: Understood) -> str:
    """What is asked for and what was filled in, as one line."""
    say = page.say
    slots = understood.slots.model_dump(mode="json", exclude_none=True)
    filled = [say(f"assistant.slots.{name}", value=_value(page, name, value)) for name, value in slots.items()]
    return say("assistant.comma").join([say(f"assistant.intents.{understood.intent}"), *filled])


def _value(page: Page, name: str, value: str | int) -> str:
    """One slot as people say it; what the page has no word for stays as it is."""
    say, written = page.say, str(value)
    if name in ("topic", "to_topic") and written in page.pipeline.taxonomy.topics:
        return page.pipeline.taxonomy.name(written, page.lang)
    if name in ("segment", "other_segment"):
        return _group(page, written)
    if name == "channel":
        return {str(channel): word for channel, word in strategy_wording(page.lang).channels.items()}[written]
    if name == "budget_minor":
        return page.show.money(int(value), page.workspace.currency)
    return say.of(f"assistant.{name}", written)


def _group(page: Page, written: str) -> str:
    """A class or a saved segment by its name; `value:high` by the words of its slot."""
    if written in _CLASSES:
        return page.say.of("rfm", written)
    slot, between, value = written.partition(":")
    if not between or slot not in ("value", "state", "topic"):
        return written
    return page.say(f"assistant.slots.{slot}", value=_value(page, slot, value))
