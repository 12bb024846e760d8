"""What some customers do on a social network: follow the shop, show what they bought, invite a friend."""

from typing import Unpack

from app.demo.calendar import DAY_MS, MINUTE_MS
from app.demo.catalogue import Product
from app.demo.life import Life
from app.demo.recording import SOCIAL, Details
from app.events.schemas import EventKind


def follow(life: Life, at_ms: int) -> None:
    """Link the handle with the login, follow the shop from then on and leave a line below its post."""
    if life.names.handle is None:
        return
    both = {"user_id": life.names.user_id, "social": life.names.handle}
    life.recorder.note(SOCIAL, at_ms, EventKind.IDENTIFY, dict(both))
    _say(life, at_ms + MINUTE_MS, EventKind.FOLLOW, text=life.writer.social_comment())
    life.follows = True


def talk_about(life: Life, bought_ms: int, product: Product) -> None:
    """After an order, perhaps a post about it, perhaps an invitation; who drifts away hardly speaks of the shop."""
    if life.names.handle is None or not life.follows:
        return
    habits, dice = life.parameters.social, life.dice
    cool = life.stage_at(bought_ms).cool
    at_ms = bought_ms + round(dice.between(*habits.post_days) * DAY_MS)
    if dice.chance(habits.posts_cool if cool else habits.posts):
        text = life.writer.social_post(product.nickname, product.topic)
        _say(life, at_ms, EventKind.SHARE, item_id=product.item.item_id, text=text)
    if not cool and dice.chance(habits.refers):
        _say(life, at_ms + MINUTE_MS, EventKind.REFERRAL)


def _say(life: Life, at_ms: int, kind: EventKind, **details: Unpack[Details]) -> None:
    if life.names.handle is not None:
        life.recorder.note(SOCIAL, at_ms, kind, {"social": life.names.handle}, **details)
