"""How a past campaign reads on a page: whom it addressed, its arms, what they measured. In the reader's language."""

from collections.abc import Callable

from app.console.frame import Page
from app.retrieval.knowledge.listing import ArmRow, CampaignRow
from app.retrieval.knowledge.schemas import CaseState
from app.retrieval.schemas import Arm, Audience, Lift, Offer

NOTHING = "–"


def audience_words(page: Page, audience: Audience) -> str:
    """Classes, topics and whatever else the audience was chosen by."""
    taxonomy = page.pipeline.taxonomy
    words: dict[str, Callable[[str], str]] = {
        "rfm_classes": lambda name: page.say.of("rfm", name),
        "topics": lambda name: taxonomy.name(name, page.lang) if name in taxonomy.topics else name,
    }
    said = [
        words.get(field, lambda name, field=field: page.say.of(f"knowledge.{field}", name))(value)
        for field, values in audience.model_dump(mode="json").items()
        for value in values
    ]
    return ("、" if page.lang == "zh" else ", ").join(said) or page.say("knowledge.everybody")


def arm_words(page: Page, arm: ArmRow | Arm) -> str:
    """Channel and offer of an arm."""
    return f"{page.say.of('knowledge.channels', arm.channel)} · {offer_words(page, arm.offer)}"


def offer_words(page: Page, offer: Offer | None) -> str:
    """An offer in a few words."""
    if offer is None:
        return page.say("knowledge.no_offer")
    amount = page.show.exact(offer.amount_minor, page.workspace.currency)
    return f"{page.say.of('knowledge.offers', offer.type)} {amount}"


def lift_words(page: Page, lift: Lift | None) -> str:
    """A lift with its 90% interval."""
    if lift is None:
        return page.say("knowledge.not_measured")
    mean, low, high = (
        page.show.exact(round(value), page.workspace.currency) for value in (lift.mean, lift.low, lift.high)
    )
    return page.say("knowledge.lift", mean=mean, low=low, high=high)


def counts_words(page: Page, treated_n: int, control_n: int) -> str:
    """How many were written to, and how many held out."""
    show = page.show
    return page.say("knowledge.counts", treated=show.number(treated_n), control=show.number(control_n))


def state_words(page: Page, row: CampaignRow) -> str:
    """Where the newest version stands, and whether an older one is retrieved meanwhile."""
    said = page.say(f"knowledge.states.{row.state}")
    if row.state is CaseState.APPROVED or row.approved_version is None:
        return said
    return f"{said}\n{page.say('knowledge.older', version=row.approved_version)}"
