"""Why, how sure, when and how measured: the sentences around a choice, from the wording files."""

from collections.abc import Mapping, Sequence

from app.access.schemas import Workspace
from app.insights.schemas import Rung
from app.predict.schemas import ChurnEstimate
from app.profile.schemas import Profile
from app.retrieval.schemas import CampaignMatch, Channel, EvidenceKind, Retrieval
from app.schema import Lang
from app.strategy.choose import Choice
from app.strategy.policy import Policy
from app.strategy.power import Measurement
from app.strategy.schemas import Candidate, Metric
from app.strategy.timing import Moment
from app.strategy.wording import money, percent, wording
from app.text.taxonomy import Taxonomy

_TOPICS_NAMED = 2

_DOUBTS: Mapping[EvidenceKind, tuple[str, ...]] = {
    "observational": ("not_randomised",),
    "reported": ("not_randomised",),
    "simulated": ("simulated",),
}


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
            best = max(choice.candidates[1:], key=lambda candidate: candidate.low)
            facts |= self._outcome(choice.match, choice.chosen, best)
        return self._words.reasons[choice.reason].format(**facts)

    def risk(self, choice: Choice, churn: ChurnEstimate, policy: Policy) -> str:
        """What may be wrong with it, in one line."""
        return self._words.clauses.join(self._risks(choice, churn, policy))

    def why(self, profile: Profile, topics: Sequence[str], channel: Channel | None) -> str:
        """The answer to a customer who asks: why am I getting this?"""
        if channel is None:
            return self._words.why["nothing"]
        ending = "onsite" if channel is Channel.ONSITE else "consented"
        return self._ground(profile, topics) + self._words.why[ending].format(channel=self._words.channels[channel])

    def moment(self, moment: Moment) -> str:
        """Why then."""
        local = moment.at.astimezone(self._workspace.zone)
        return self._words.timing[moment.habit].format(
            peak=f"{moment.peak_hour:02d}:00",
            weekday=self._words.weekdays[local.weekday()],
            hour=f"{local:%H:%M}",
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

    def _ground(self, profile: Profile, topics: Sequence[str]) -> str:
        named = [self._taxonomy.name(topic, self._lang) for topic in topics[:_TOPICS_NAMED]]
        if named:
            return self._words.why["interests"].format(topics=self._words.separator.join(named))
        return self._words.why["customer" if profile.rfm else "visitor"]

    def _outcome(self, match: CampaignMatch, chosen: Candidate, best: Candidate) -> dict[str, str]:
        lift = match.lift
        return {
            "title": match.campaign.title,
            "treated": str(lift.treated_n),
            "control": str(lift.control_n),
            "lift": self._money(lift.mean),
            "lift_low": self._money(lift.low),
            "lift_high": self._money(lift.high),
            "expected": self._money(chosen.expected),
            "low": self._money(best.low if chosen.action == "no_contact" else chosen.low),
            "high": self._money(chosen.high),
        }

    def _risks(self, choice: Choice, churn: ChurnEstimate, policy: Policy) -> list[str]:
        if choice.channel is None:
            return [self._words.risks["none"]]
        facts = {"margin": percent(policy.default_margin)}
        keys = ["unknown_effect"] if choice.match is None else ["margin", "age"]
        if choice.match:
            facts |= self._past(choice.match, choice.channel)
            keys += _DOUBTS.get(choice.match.campaign.evidence_kind, ())
        if choice.moved:
            keys.append("moved")
        if churn.p_no_purchase is None:
            keys.append("default_baseline")
            facts["baseline"] = percent(policy.first_test.default_baseline)
        return [self._words.risks[key].format(**facts) for key in keys]

    def _past(self, match: CampaignMatch, channel: Channel) -> dict[str, str]:
        names = self._words.channels
        return {"days": str(match.age_days), "was": names[match.arm.channel], "now": names[channel]}

    def _money(self, amount: float) -> str:
        return money(amount, self._workspace.currency, self._lang)
