"""How much one event says of an interest: its impact, by what was done.

A purchase says more than a cart, a cart more than a favourite, then a long view, a view, a swipe; zooming is
hesitation. A review counts by its mood, in both directions. Within one visit the strongest act on a topic counts in
full and each further one a little: the pages of a visit follow from one wish and are no new ones.
"""

from typing import Final

from app.events.schemas import EventKind
from app.profile.seen import Seen
from app.text.taxonomy import Taxonomy

LONG_VIEW_S: Final = 60
"""Seconds on a product page from which a view is a long one."""
REPEAT: Final = 0.1
"""How much an act counts beside a stronger one of the same visit on the same topic."""
INVITED: Final = 0.5
"""How much an act counts in a visit that a campaign brought about."""
SPEAKING: Final = frozenset(
    {
        EventKind.VIEW,
        EventKind.MEDIA,
        EventKind.SEARCH,
        EventKind.FAVOURITE,
        EventKind.CART_ADD,
        EventKind.CART_REMOVE,
        EventKind.ORDER,
        EventKind.REFUND,
        EventKind.REVIEW,
        EventKind.SHARE,
    }
)
"""Kinds that say something of interests."""
_WORST, _BEST, _NEUTRAL = 1, 5, 3
_ENDS: Final = 2
"""Sentiment goes from -2 to 2."""


def impact_of(seen: Seen, taxonomy: Taxonomy) -> float:
    """What the event adds to its topics when nothing else of its visit does; below zero when it speaks against them."""
    kind, impact = seen.kind, seen.impact
    if kind == EventKind.VIEW:
        dwell = seen.event.properties.get("dwell_s")
        if isinstance(dwell, int | float) and dwell >= LONG_VIEW_S:
            impact = taxonomy.impact("long_view")
    elif kind == EventKind.MEDIA:
        impact = taxonomy.impact("zoom" if seen.event.properties.get("action") == "zoom" else "swipe")
    elif kind == EventKind.REVIEW:
        impact *= mood(seen)
    return impact * INVITED if seen.invited and seen.visit else impact


def mood(seen: Seen) -> float:
    """-1 (angry) .. 1 (delighted): what a review says, else its stars, else nothing."""
    if seen.text is not None and seen.text.sentiment:
        return seen.text.sentiment / _ENDS
    rating = seen.event.properties.get("rating")
    if isinstance(rating, int | float) and _WORST <= rating <= _BEST:
        return float(rating - _NEUTRAL) / _ENDS
    return 0.0
