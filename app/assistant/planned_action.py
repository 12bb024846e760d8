"""What a model may answer when it is asked what a question asks for: one intent of a closed list, and what is named."""

from typing import Annotated, Literal

from pydantic import Field

from app.assistant.schemas import Intent, Number
from app.retrieval.schemas import Channel, OfferType
from app.schema import Frozen


class PlannedAction(Frozen):
    """What a question asks for, as a model reads it."""

    intent: Intent
    """The one thing that is asked for."""
    sure: bool
    """False when the question could as well mean something else, or is about something that no intent covers."""
    customer: Annotated[str, Field(max_length=200)] | None
    """A customer as written in the question, copied exactly; `this` for "this customer"; null when none is named."""
    topic: Annotated[str, Field(max_length=40)] | None
    """A topic by its id, or null."""
    to_topic: Annotated[str, Field(max_length=40)] | None
    """Where an interest moved to, by its id, or null."""
    segment: Annotated[str, Field(max_length=120)] | None
    """A group by its id or name, as listed, or null."""
    other_segment: Annotated[str, Field(max_length=120)] | None
    """The group that it is compared with, or null."""
    value: Literal["high", "medium", "low"] | None
    """How much the customers meant are worth, or null."""
    state: Literal["leaving", "visitor", "new", "active", "slowing", "away"] | None
    """Where the customers meant stand, or null."""
    number: Number | None
    """Which number is asked about, or null."""
    channel: Channel | None
    """A channel that is named, or null."""
    offer: OfferType | None
    """A kind of offer that is named, or null."""
    campaign: Annotated[str, Field(max_length=200)] | None
    """A campaign or proposal as written in the question, copied exactly, or null."""
    decision: Literal["approve", "reject", "change", "stop", "resume"] | None
    """What the person wants done with it, or null."""
