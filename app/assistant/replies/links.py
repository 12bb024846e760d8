"""Where answers go on: pages of the console."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from app.assistant.schemas import Link
from app.assistant.speaking import Speaker

MOST = 10
"""Links of one kind in one answer."""


def customer(say: Speaker, customer_id: str, name: str) -> Link:
    """The page of one customer."""
    return Link(text=say("links.customer", name=say.customer(name)), path=f"/customer/{quote(customer_id)}")


def customers(say: Speaker, found: Iterable[tuple[str, str]]) -> tuple[Link, ...]:
    """The pages of the first of some customers, given as (customer_id, name)."""
    return tuple(customer(say, customer_id, name) for customer_id, name in list(found)[:MOST])


def segment(say: Speaker, expression: str) -> Link:
    """The page of segments with an expression."""
    return Link(text=say("links.segment"), path=f"/segments?{urlencode({'segment': expression})}")


def plan(say: Speaker, expression: str) -> Link:
    """The page where a plan for a segment is made."""
    return Link(text=say("links.plan"), path=f"/plan?{urlencode({'segment': expression})}")


def case(say: Speaker, campaign_id: str, title: str) -> Link:
    """The page of a past campaign."""
    return Link(text=say("links.case", title=title), path=f"/knowledge/{quote(campaign_id)}")


def page(say: Speaker, name: str) -> Link:
    """A page by its name: queue, campaigns, knowledge, shifts, data, models, segments, plan."""
    return Link(text=say(f"links.{name}"), path="/" if name == "customers" else f"/{name}")
