"""The story of a segment of any workspace: counted over all customers, with what past campaigns did to such ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.access.schemas import Workspace
from app.audiences import Audiences
from app.insights.fitness import unfit
from app.llm.chat_model import About
from app.narrative.schemas import QueryRef
from app.profile.schemas import Lifecycle, RfmClass
from app.profile.segments.evaluate import Bools
from app.retrieval.near import POOL
from app.retrieval.schemas import CampaignMatch
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation, objective_of, speaks_to
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.strategy.audiences.crowd import Crowd, numbers
from app.strategy.cases import of_segment, say_case, unlike
from app.strategy.gate.policy import Policy
from app.strategy.segment_story.asking import Segment
from app.strategy.segment_story.schemas import LEAST, Part, SegmentClaim, SegmentStory
from app.strategy.segment_story.tell import Material, SegmentTeller, say_claim
from app.strategy.weigh import action_of
from app.text.taxonomy import Taxonomy

_MOST_CASES = 3


class _Everybody(NamedTuple):
    """All customers of a workspace, as questions of the segment language see them."""

    audiences: Audiences
    workspace: Workspace
    crowd: Crowd
    lang: Lang
    topics: Sequence[str]

    @property
    def ids(self) -> Sequence[str]:
        return self.crowd.ids

    def who(self, expression: str) -> Bools:
        return self.audiences.verdict(self.workspace, expression, self.crowd, lang=self.lang).yes

    def numbers(self, field: str) -> NDArray[np.float64]:
        return numbers(self.crowd, field)


@dataclass(frozen=True)
class Portraying:
    """Tells segments."""

    audiences: Audiences
    knowledge_base: KnowledgeBase
    search: CampaignSearch
    teller: SegmentTeller
    policy: Policy
    taxonomy: Taxonomy

    def story(
        self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool = True
    ) -> SegmentStory:
        """The story of a saved segment, an RFM class or an expression. ExpressionFault when it cannot be read."""
        segment = self.segment(workspace, ref, as_of=as_of, lang=lang)
        material = self._material(workspace, segment, as_of, lang)
        return self.teller.tell(material, lang, ask_model=ask_model)

    def segment(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang) -> Segment:
        """The segment of a saved name or id, an RFM class or an expression, for counting its claims again."""
        named = f"rfm = {ref}" if ref in set(RfmClass) else ref
        expression = self.audiences.expression_of(workspace, named)
        plain = self.audiences.checked(workspace, expression, as_of=as_of, lang=lang)
        crowd = self.audiences.crowd(workspace, as_of=as_of)
        return Segment.of(_Everybody(self.audiences, workspace, crowd, lang, tuple(self.taxonomy.topics)), plain)

    def _material(self, workspace: Workspace, segment: Segment, as_of: datetime, lang: Lang) -> Material:
        counted = segment.claims()
        spoken = {claim.claim_id: say_claim(claim, self.taxonomy, lang) for claim in counted}
        cases = self._cases(workspace, segment, counted, as_of, lang) if counted else {}
        forbidden = self.taxonomy.forbidden_words()
        fit = {claim: text for claim, text in cases.items() if not unfit(text, forbidden)}
        return Material(
            expression=segment.expression,
            as_of=as_of,
            customers=segment.size if segment.size >= LEAST else None,
            claims=(*counted, *fit),
            spoken={**spoken, **{claim.claim_id: text for claim, text in fit.items()}},
            forbidden=forbidden,
            about=About(workspace.workspace_id, f"segment:{segment.expression}"[:200]),
        )

    def _cases(
        self, workspace: Workspace, segment: Segment, counted: Sequence[SegmentClaim], as_of: datetime, lang: Lang
    ) -> dict[SegmentClaim, str]:
        """Arms of past campaigns that surely worked or failed with customers of this kind, best first."""
        topics = tuple(claim.topic for claim in counted if claim.part is Part.WANTS and claim.topic)
        lifecycle = self._lifecycle(segment)
        situation = Situation(
            topics=topics, lifecycle=lifecycle, objective=objective_of(lifecycle) if lifecycle else None
        )
        cases = self.knowledge_base.cases(workspace.workspace_id)
        found = of_segment(
            self.search.search(cases, situation, as_of=as_of, k=POOL), least=max(LEAST, self.policy.min_group)
        )
        sure = [match for match in found if match.stance != "unclear" and speaks_to(match.campaign, topics)]
        sure = unlike(sure, 1)[:_MOST_CASES]
        return {_claim_of(match, workspace.currency): say_case(match, workspace, lang) for match in sure}

    def _lifecycle(self, segment: Segment) -> Lifecycle | None:
        """The life cycle of most of the members, where most are of one."""
        found = [
            of
            for of in Lifecycle
            if int((segment.everybody.who(f"lifecycle = {of}") & segment.members).sum()) * 2 > segment.size
        ]
        return next(iter(found), None)


def _claim_of(match: CampaignMatch, currency: str) -> SegmentClaim:
    name, lift = action_of(match), match.lift
    return SegmentClaim(
        claim_id="s_" + sha256(name.encode()).hexdigest()[:10],
        part=Part.WORKS,
        measure="lift",
        about=name,
        value=lift.mean,
        low=lift.low,
        high=lift.high,
        n=lift.treated_n,
        out_of=lift.treated_n + lift.control_n,
        currency=currency,
        query_ref=QueryRef(query=f"campaign={name}", count=lift.treated_n + lift.control_n),
    )
