"""What a question is understood as, and what is answered."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from app.insights.schemas import Provenance
from app.llm.ladder import Origin
from app.narrative.schemas import Sentence
from app.profile.stages import Stage
from app.retrieval.schemas import Channel, OfferType
from app.schema import Frozen, Lang


class Intent(StrEnum):
    """What somebody who asks the assistant may want: a closed list, the same for router and planner."""

    FIND_CUSTOMERS = "find_customers"
    """Which customers are so: drifting away, high in value, fond of a topic."""
    READ_CUSTOMER = "read_customer"
    """Who one customer is: story, interests, what changed."""
    EXPLAIN_NUMBER = "explain_number"
    """Why one customer's value, risk or class is what it is, and how sure it is."""
    COMPARE_SEGMENTS = "compare_segments"
    """Two groups side by side."""
    SEGMENT_STATS = "segment_stats"
    """How many are in a group, or how the classes are spread; totals and rates of the shop."""
    SEARCH_CAMPAIGNS = "search_campaigns"
    """What was tried before for such customers, and what came of it."""
    DRAFT_STRATEGY = "draft_strategy"
    """What to do about a customer or a group: channel, themes, offer, moment."""
    APPROVE_OR_CHANGE_STRATEGY = "approve_or_change_strategy"
    """Approve, reject, change, stop or resume something that was proposed."""
    CAMPAIGN_RESULTS = "campaign_results"
    """How a campaign of ours does or did: sent, lift, cost."""
    BEST_TIME_OR_CHANNEL = "best_time_or_channel"
    """When, or by which channel, to reach a customer or a group."""
    IDENTITY_QUESTION = "identity_question"
    """Which accounts, phones or devices are one person, and why."""
    CONSENT_OR_PRIVACY = "consent_or_privacy"
    """Who may be written to, what is known or stored of somebody, how it is corrected, exported or erased."""
    DATA_QUALITY = "data_quality"
    """What is wrong, late or missing in the data that came in."""
    INTEREST_SHIFT_REPORT = "interest_shift_report"
    """Whose interests moved, from what to what; what rises and fades in the shop."""
    NEXT_PURCHASE = "next_purchase"
    """When somebody buys next, and what."""
    AUDIENCE_EXPORT = "audience_export"
    """A list of customers as a file, for a sending tool."""
    BUDGET_ALLOCATION = "budget_allocation"
    """How to spend a budget over customers or campaigns."""
    OUT_OF_SCOPE = "out_of_scope"
    """What the assistant does not do: other workspaces' data, raw contacts, prices by person, forbidden inferences,
    changing the rules, small talk."""
    AMBIGUOUS = "ambiguous"
    """Too little is said to act: ask back."""


ABSTAINS = (Intent.OUT_OF_SCOPE, Intent.AMBIGUOUS)
"""What is refused or asked back whatever else is said."""
Number = Literal["ltv", "churn_risk", "no_purchase", "rfm_class", "orders", "spend", "average_order", "interest"]
"""What a question about a number may be about."""


class Slots(Frozen):
    """What a question says beside its intent. Absent means that it does not say."""

    customer: Annotated[str, Field(max_length=200)] | None = None
    """A customer as written: an id, a phone, an e-mail address, `this` for the one on screen."""
    topic: Annotated[str, Field(max_length=40)] | None = None
    """A topic of the taxonomy, by id."""
    to_topic: Annotated[str, Field(max_length=40)] | None = None
    """For shifts: the topic that interest moved to; `topic` is where it came from."""
    segment: Annotated[str, Field(max_length=120)] | None = None
    """An RFM class by id, or a saved segment by name."""
    other_segment: Annotated[str, Field(max_length=120)] | None = None
    """The other one of a comparison."""
    value: Literal["high", "medium", "low"] | None = None
    """Worth of the customers meant."""
    state: Literal["leaving"] | Stage | None = None
    """Where the customers meant stand: leaving (drifting away), visitor, new, active, slowing, away."""
    number: Number | None = None
    """Which number is asked about."""
    channel: Channel | None = None
    """How to reach somebody."""
    offer: OfferType | None = None
    """What kind of offer."""
    campaign: Annotated[str, Field(max_length=200)] | None = None
    """A campaign or a proposal by id or title, as written."""
    decision: Literal["approve", "reject", "change", "stop", "resume"] | None = None
    """What to do with something proposed."""
    period: Annotated[str, Field(max_length=40)] | None = None
    """Past time: today, yesterday, this_week, last_week, this_month, last_month, this_quarter, last_quarter, this_year,
    last_year, last_N_days, YYYY, YYYY-MM, YYYY-MM-DD or FROM..TO."""
    without_order: bool | None = None
    """Whether those are meant who ordered nothing in the period."""
    horizon_days: Annotated[int, Field(ge=1, le=730)] | None = None
    """Days ahead."""
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many are wanted."""
    budget_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None
    """A sum of money to spend, in minor units of the workspace's currency."""


class Understood(Frozen):
    """A question as the assistant reads it; shown with every answer."""

    intent: Intent
    slots: Slots
    lang: Lang
    """The language of the question, which is that of the answer."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    """Calibrated share of such readings that are right."""
    missing: tuple[str, ...] = ()
    """Slots that the intent cannot do without; then the assistant asks back."""
    alternatives: tuple[Intent, ...] = ()
    """What else it may have meant, likeliest first."""
    origin: Origin | None = None
    """How a model was asked to read it, when the router was unsure and there is a model."""


class Table(Frozen):
    """Rows that belong to an answer."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    """How many there are, shown or not."""
    paths: tuple[str, ...] = ()
    """Where each row leads, as a page of the console; empty when rows lead nowhere."""


class Link(Frozen):
    """Where an answer goes on: a page of the console, or a call of the API."""

    text: str
    path: str


class Pending(Frozen):
    """Something that would be created, and is not until a person says so."""

    pending_id: str
    action: Literal["propose_campaign", "approve_campaign", "reject_campaign", "stop_campaign", "export_audience"]
    said: str
    """What will happen, in one sentence."""
    arguments: dict[str, str | int | float | bool | None]
    status: Literal["waiting", "approved", "rejected", "failed"] = "waiting"
    """What became of it; failed: somebody said yes, and it could not be done."""


class Reply(Frozen):
    """One answer of the assistant."""

    understood: Understood
    as_of: datetime
    sentences: tuple[Sentence, ...]
    """The answer; each sentence names the claims, campaigns or queries that it stands on, a question none."""
    tables: tuple[Table, ...] = ()
    links: tuple[Link, ...] = ()
    suggestions: tuple[str, ...] = ()
    """Questions that may come next."""
    pending: Pending | None = None
    abstained: bool = False
    """Whether it was refused or asked back instead of answered."""
    provenance: Provenance
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return ("" if self.understood.lang == "zh" else " ").join(s.text for s in self.sentences)
