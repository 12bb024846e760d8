"""Every tool of the assistant with its arguments and what it is for. All of them read; none creates anything."""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.assistant.asking import Asking
from app.assistant.tools import (
    acting,
    cases,
    counting,
    customer,
    deciding,
    finding,
    reaching_out,
    records,
    shifting,
)
from app.pipeline import Pipeline
from app.schema import Frozen, Lang


class Tool(NamedTuple):
    """One thing that the assistant can look up or prepare."""

    name: str
    arguments: type[Frozen]
    call: Callable[[Pipeline, Asking, Lang, Any], Frozen]
    """Pipeline, who asks, the language of names, and the arguments, of the class above."""

    @property
    def description(self) -> str:
        """What it does, in one sentence."""
        return (self.call.__doc__ or "").strip().partition("\n")[0]

    def run(self, pipeline: Pipeline, asking: Asking, lang: Lang, arguments: dict[str, object]) -> Frozen:
        """Its result; ValidationError for arguments that do not fit, `Unknown` for a name that is not there."""
        return self.call(pipeline, asking, lang, self.arguments.model_validate(arguments))


TOOLS: tuple[Tool, ...] = (
    Tool("find_customers", finding.FindCustomers, finding.find_customers),
    Tool("read_customer", customer.ReadCustomer, customer.read_customer),
    Tool("explain_number", customer.ExplainNumber, customer.explain_number),
    Tool("next_purchase", customer.ReadCustomer, customer.next_purchase),
    Tool("compare_segments", counting.CompareSegments, counting.compare_segments),
    Tool("query_metrics", counting.SegmentStats, counting.segment_stats),
    Tool("search_campaigns", cases.SearchCampaigns, cases.search_campaigns),
    Tool("campaign_results", cases.CampaignResults, cases.campaign_results),
    Tool("draft_strategy", acting.DraftStrategy, acting.draft_strategy),
    Tool("propose_campaign", acting.DraftPlan, acting.draft_plan),
    Tool("count_export", acting.ExportAudience, acting.count_export),
    Tool("find_decidable", deciding.FindDecidable, deciding.find_decidable),
    Tool("reach_customer", reaching_out.ReachCustomer, reaching_out.reach_customer),
    Tool("reach_group", reaching_out.ReachGroup, reaching_out.reach_group),
    Tool("identity_of", records.AskIdentity, records.identity_of),
    Tool("consent_of", records.AskConsent, records.consent_of),
    Tool("data_state", records.CheckData, records.data_state),
    Tool("find_shifts", shifting.FindShifts, shifting.find_shifts),
)
