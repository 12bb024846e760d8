"""Whom a question means by when they did *not* order: "nothing ordered for 60 days" is no period of orders."""

import re

from app.assistant.schemas import Slots
from app.profile.stages import Stage
from app.text.normalise import normalise

_NO_ORDER = re.compile(
    r"(?:没|未)(?:有|再)?(?:下过?单|买|购买|消费|复购)"
    r"|(?<![a-z])(?:(?:have|has|had|did)(?:n't| not)|not) (?:\w+ )?(?:order|bought|buy|purchase|shopped|spent)"
    r"|(?<![a-z])(?:no|without an?y?|without) (?:orders?|purchases?)(?![a-z])"
)


def turned(slots: Slots, text: str) -> Slots:
    """The slots with `without_order` where a question names a period in which nothing was ordered."""
    if slots.period is None or not _NO_ORDER.search(normalise(text).replace("’", "'")):
        return slots
    never = slots.state == Stage.VISITOR  # "60 days without an order" is not "never ordered"
    return slots.model_copy(update={"without_order": True, "state": None if never else slots.state})
