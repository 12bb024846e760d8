"""What customers do day by day, under which names and in which words, as types; `parameters.yaml` has the numbers."""

from typing import Annotated

from pydantic import Field

from app.schema import Frozen

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0)]
Range = tuple[float, float]
Days = tuple[int, int]


class BehaviourRates(Frozen):
    """Chances of each action within a visit or after an order."""

    search: Share
    second_search: Share
    broad: Share
    broad_cool: Share
    stays_on_topic: Share
    comes_back: Share
    impression: Share
    impression_taken: Share
    impression_taken_cool: Share
    zoom: Share
    favourite: Share
    cart_add: Share
    cart_remove: Share
    share: Share
    dwell_seconds: Factor
    dwell_sigma: Factor
    patience_cool: Share
    logged_out: Share
    straight_to_order: Share
    also_looks: Factor
    looks_first: Share
    looks_again: Share
    buys_known: Share
    max_lines: int
    basket_tries: int
    basket_topic_tries: int
    basket_full: Share
    basket_room: Factor
    small: Share
    pieces: Factor
    pieces_most: int
    pieces_most_lasting: int
    used_up: tuple[str, ...]
    refund: Share
    refund_topics: dict[str, Share]
    refund_unhappy: Factor
    refund_content: Factor
    refund_days: Range
    refund_partly: Share
    refund_part: Range
    unhappy: Share
    unhappy_cool: Share
    unhappy_quality: Share
    bargains_cool: Share
    review_unhappy: Factor
    review_long: Share
    review_days: Range
    ratings: tuple[int, ...]
    ratings_cool: tuple[int, ...]
    ratings_unhappy: tuple[int, ...]
    support: Share
    support_phone: Share
    support_thanks: Share
    support_hours: Range
    turn_seconds: Range
    support_reasons: tuple[str, ...]
    support_reasons_cool: tuple[str, ...]
    complaints: Factor
    wordless: Share
    complains_once: Share
    coupon_used: Share
    coupons: tuple[int, ...]
    nights: int
    nights_among: int
    night_hours: Days
    near_misses: Share
    near_bought: Share
    near_topics: dict[str, int]


class WritingHabits(Frozen):
    """How people put their words."""

    typo: Share
    emoji: Share
    opens: Share
    closes: Share
    most_details: int
    says_more: Share
    talkative: Share
    says_more_talkative: Share
    names_a_thing: Share
    loose: Share
    judges: Share
    turns: Share
    tells: Share
    stops: Share
    bursts: Share


class IdentityHabits(Frozen):
    """How often names change hands, are replaced, or are no names at all."""

    neighbourhood: int
    shared_devices: Share
    tablet_used: Share
    tablet_visits: int
    recycled_phones: Share
    phone_rests: int
    phone_given_up: int
    new_device: Share
    cookie_days: Days
    stays_out: Share
    second_app: Share
    club_visits: Share
    social: Share
    store_tablets: tuple[str, ...]
    in_store: Share
    junk: Share
    junk_names: dict[str, tuple[dict[str, str], ...]]


class SocialHabits(Frozen):
    """What those who follow the shop on a social network do there."""

    posts: Share
    posts_cool: Share
    post_days: Range
    refers: Share


class Delivery(Frozen):
    """How unreliably events arrive."""

    late: Share
    late_hours: Range
    duplicate: Share


class ConsentHabits(Frozen):
    """Who may be contacted, and who takes it back."""

    channels_granted: tuple[Share, ...]
    refused_aloud: Share
    withdraws: Share
    withdraws_cool: Share
