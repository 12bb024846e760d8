"""The explanation of an expected value in words, and what a model may word of it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.insights.drivers import CustomerExplanation
from app.insights.ltv.leaning import ToldLean
from app.insights.schemas import DraftSentence, Provenance
from app.narrative.schemas import Claim, Sentence
from app.predict.schemas import DriverGroup, LtvEstimate
from app.schema import Frozen

FEWEST, MOST = 3, 5
"""Drivers that are told."""


class AdviceAction(StrEnum):
    """All that may be advised. Code says which of them fit a customer; none sets an offer, an amount or a channel."""

    SETTLE_FIRST = "settle_first"
    """See to what they are unhappy with before anything else."""
    DO_NOT_WRITE = "do_not_write"
    """No channel is open: only the site may speak to them."""
    GET_IN_TOUCH = "get_in_touch"
    """They are leaving: take them up on the queue."""
    INVITE_BACK = "invite_back"
    """They are overdue by their own rhythm."""
    REMIND_OF_CART = "remind_of_cart"
    """Something lies in their cart."""
    SHOW_OTHER_THINGS = "show_other_things"
    """What is recommended to them no longer fits."""
    SPEAK_OF_INTEREST = "speak_of_interest"
    """Speak of what holds their attention now."""
    WAIT = "wait"
    """No order is due yet."""
    LOOK_AGAIN = "look_again"
    """Too little is known: look again after the next order."""


class DriverSentence(Sentence):
    """One driver in a sentence, beside its figure."""

    group: DriverGroup
    name: str
    amount: str
    """What it adds to the expected value, with its sign; always code's."""


class Advice(Frozen):
    """One thing to do, and why."""

    action: AdviceAction
    name: str
    do: str
    """What to do, in code's own words."""
    reason: str
    claim_ids: tuple[str, ...]


class LtvStory(CustomerExplanation):
    """An explanation with its drivers, risks and advice worded by the highest rung that keeps to the claims."""

    ltv: LtvEstimate
    """As the estimator has it; a lean, where one is taken, stands in `leaned_value` alone."""
    drivers: tuple[DriverSentence, ...]
    """3 to 5, those that move the number most; empty without an estimate."""
    told_risks: tuple[Sentence, ...]
    """Every risk in one sentence at least."""
    advice: tuple[Advice, ...]
    lean: ToldLean
    told_claims: tuple[Claim, ...]
    """What these cite beyond `claims`: the shares of the drivers, the claims of the advice and of the lean."""
    told_spoken: dict[str, str]
    """claim_id -> plain sentence of those."""
    provenance: Provenance
    dropped: tuple[str, ...] = ()
    """Why sentences and advice of a model were left out, one reason each."""


class DriverDraft(DraftSentence):
    """One driver in a sentence, with the claims that it retells."""

    driver: DriverGroup
    """Which driver it words, by the name that stands before its line."""


class AdviceDraft(Frozen):
    """One of the actions that are offered, and why it fits this customer."""

    action: AdviceAction
    """One of the actions between the tags `actions`."""
    reason: Annotated[str, Field(max_length=200)]
    """Why, in one plain sentence that retells claims; it names no offer, price, gift, channel or deadline."""
    claims: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=6)]
    """Ids of the claims that the reason retells, one of the action's own among them."""


class LtvDraft(Frozen):
    """The explanation as a model words it; all figures stand beside it already."""

    drivers: Annotated[tuple[DriverDraft, ...], Field(min_length=1, max_length=MOST)]
    """3 to 5 drivers, the one that moves the number most first."""
    risks: Annotated[tuple[DraftSentence, ...], Field(max_length=5)]
    """What may undo the number; empty when no risk is given."""
    advice: Annotated[tuple[AdviceDraft, ...], Field(max_length=3)]
    """What to do, the most pressing first; empty when no action is offered."""
