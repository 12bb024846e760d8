"""Why, how sure, when and how measured: the sentences around a choice, from the wording files."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from app.access.schemas import Workspace
from app.llm.ladder import Rung
from app.predict.schemas import ChurnEstimate
from app.retrieval.schemas import CampaignMatch, Channel, EvidenceKind, Offer, Retrieval
from app.schema import Lang
from app.strategy.choose import Choice
from app.strategy.evidence import PassedOver
from app.strategy.gate.policy import Policy
from app.strategy.message import Message
from app.strategy.power import Measurement
from app.strategy.schemas import Candidate, Metric
from app.strategy.timing import Moment
from app.strategy.weigh import NO_OFFER
from app.strategy.wording import day_of, money, percent, wording
from app.text.taxonomy import Taxonomy

Why = Literal["cart", "away", "interests", "customer", "visitor"]
"""On what ground a customer is written to."""

_TOPICS_NAMED = 2

_ALL_BUT_CERTAIN = 0.95
"""A group that shows a change to so high a share only shows nothing worth waiting for."""

_DOUBTS: Mapping[EvidenceKind, tuple[str, ...]] = {
    "observational": ("not_randomised",),
    "reported": ("not_randomised",),
    "simulated": ("simulated",),
}


def is_without_offer(choice: Choice, message: Message) -> bool:
    """Whether the past arm made an offer and this message makes none."""
    return choice.match is not None and choice.match.arm.offer is not None and message.offer is None


def leaves_offer_out(choice: Choice) -> bool:
    """Whether it was chosen as the past arm without its offer, by what such arms bring."""
    return choice.chosen.action.endswith(NO_OFFER)


class Explainer:
    """Says one language's sentences for one workspace."""

    def __init__(self, lang: Lang, workspace: Workspace, taxonomy: Taxonomy) -> None:
        """Amounts are told in the workspace's currency, moments in its zone."""
        self._lang = lang
        self._workspace = workspace
        self._taxonomy = taxonomy
        self._words = wording(lang)

    def reason(self, choice: Choice, retrieval: Retrieval, measurement: Measurement) -> str:
        """Why this was chosen, or why nothing is done."""
        facts = {
            "closeness": f"{retrieval.nearest_similarity or 0.0:.2f}",
            "n": str(measurement.sample_size),
            "baseline": percent(measurement.baseline),
            "target": percent(measurement.baseline + measurement.effect),
        }
        if choice.match:
            facts |= self._outcome(choice.match, choice.cited)
        return self._words.reasons[choice.reason].format(**facts)

    def passed_over(self, better: PassedOver) -> str:
        """Why something that is expected to bring more was not chosen."""
        channel = self._words.channels[better.match.arm.channel]
        return self._words.passed_over[better.cause].format(
            title=better.match.campaign.title_in(self._lang),
            how=self._words.passed_over["how_offer" if better.with_offer else "how"].format(channel=channel),
            channel=channel,
            expected=self._money(better.candidate.expected),
            low=self._money(better.candidate.low),
        )

    def risk(
        self, choice: Choice, churn: ChurnEstimate, message: Message, policy: Policy, doubts: Sequence[str] = ()
    ) -> str:
        """What may be wrong with it, in one line; `doubts` are sentences that speak of this proposal only."""
        return self._words.clauses.join((*self._risks(choice, churn, message, policy), *doubts))

    def warned(self, failed: CampaignMatch) -> str:
        """That something near was tried and failed."""
        title = failed.campaign.title_in(self._lang)
        return self._words.risks["warned"].format(title=title, lift=self._money(failed.lift.mean))

    def class_too_small(self, measurement: Measurement, audience_size: int) -> str:
        """What the customer's class is too small to show, and what it can show."""
        target = measurement.baseline + measurement.effect
        found = audience_size >= 2 * measurement.sample_size and target < _ALL_BUT_CERTAIN
        return self._words.risks["small_class" if found else "tiny_class"].format(
            size=audience_size,
            wanted=measurement.wanted,
            n=measurement.sample_size,
            baseline=percent(measurement.baseline),
            target=percent(target),
        )

    def basket_too_big(self, offer: Offer, average_minor: float) -> str:
        """That the offer asks for much more than the customer usually spends. Its terms are the same for all."""
        amounts = {"threshold": self._money(offer.threshold_minor), "average": self._money(average_minor)}
        return self._words.risks["big_basket"].format(**amounts)

    def why(self, ground: Why, topics: Sequence[str], channel: Channel | None) -> str:
        """The answer to a customer who asks: why am I getting this?"""
        if channel is None:
            return self._words.why["nothing"]
        ending = "onsite" if channel is Channel.ONSITE else "consented"
        named = [self._taxonomy.name(topic, self._lang) for topic in topics[:_TOPICS_NAMED]]
        start = self._words.why[ground].format(topics=self._words.separator.join(named))
        return start + self._words.why[ending].format(channel=self._words.channels[channel])

    def moment(self, moment: Moment, *, after: datetime) -> str:
        """Why then; with the date when it is more than a day after `after`."""
        local = moment.at.astimezone(self._workspace.zone)
        soon = moment.at - after <= timedelta(days=1)
        due = moment.due.at.astimezone(self._workspace.zone) if moment.due else None
        return self._words.timing[moment.habit].format(
            peak=f"{moment.peak_hour:02d}:00",
            weekday=self._words.weekdays[local.weekday()] if soon else day_of(local, self._lang),
            hour=f"{local:%H:%M}",
            due=day_of(due, self._lang) if due else "",
            gap=f"{round(moment.due.gap_days)}" if moment.due else "",
        )

    def metric(self, measurement: Measurement, churn: ChurnEstimate) -> Metric:
        """How success is judged."""
        return Metric(
            name=self._words.metric.format(days=churn.horizon_days),
            baseline=measurement.baseline,
            minimum_effect=measurement.effect,
            sample_size=measurement.sample_size,
        )

    def label(self, rung: Rung) -> str:
        """What copy of this rung must carry."""
        return self._words.ai_label[rung]

    def _outcome(self, match: CampaignMatch, weighed: Candidate) -> dict[str, str]:
        lift = match.lift
        return {
            "title": match.campaign.title_in(self._lang),
            "treated": str(lift.treated_n),
            "control": str(lift.control_n),
            "lift": self._money(lift.mean),
            "lift_low": self._money(lift.low),
            "lift_high": self._money(lift.high),
            "expected": self._money(weighed.expected),
            "low": self._money(weighed.low),
            "high": self._money(weighed.high),
        }

    def _risks(self, choice: Choice, churn: ChurnEstimate, message: Message, policy: Policy) -> list[str]:
        if choice.reason == "complaint":
            return [self._words.risks["silence"]]
        if choice.channel is None:
            return [self._words.risks["none"]]
        keys, facts = ["unknown_effect"], dict[str, str]()
        if choice.match:
            margin = message.margin
            keys = ["margin" if margin.is_assumed else "margin_known", "age"]
            facts = self._past(choice.match, choice.channel)
            facts |= {"margin": percent(margin.share), "items": str(margin.costed)}
            keys += _DOUBTS.get(choice.match.campaign.evidence_kind, ())
        if choice.moved:
            keys.append("moved")
        if leaves_offer_out(choice):
            keys.append("offer_left_out")
        elif is_without_offer(choice, message):
            keys.append("offer_dropped")
        if churn.p_no_purchase is None:
            keys.append("default_baseline")
            facts["baseline"] = percent(policy.first_test.default_baseline)
        return [self._words.risks[key].format(**facts) for key in keys]

    def _past(self, match: CampaignMatch, channel: Channel) -> dict[str, str]:
        names = self._words.channels
        return {"days": str(match.age_days), "was": names[match.arm.channel], "now": names[channel]}

    def _money(self, amount: float) -> str:
        return money(amount, self._workspace.currency, self._lang)
