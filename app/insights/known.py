"""What is known of one customer and may be told: what every task that words claims of theirs is given."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from app.insights.ground import Ground
from app.insights.schemas import Provenance
from app.llm.chat_model import About
from app.llm.ladder import Origin
from app.narrative.schemas import Claim, Narrative, Sentence
from app.schema import Lang


class Known(NamedTuple):
    """Claims that were recomputed and pass the sensitivity list, each with its plain sentence."""

    customer_id: str
    as_of: datetime
    lang: Lang
    claims: tuple[Claim, ...]
    spoken: Mapping[str, str]
    forbidden: Collection[str]
    about: About
    fold_version: int
    identity_version: int

    def ground(
        self, claims: tuple[Claim, ...], spoken: Mapping[str, str], tellings: tuple[Sentence, ...] = ()
    ) -> Ground:
        """Some of the claims, said plainly as `spoken` has them or else as they are, and how code tells them."""
        said = {claim.claim_id: spoken.get(claim.claim_id) or self.spoken[claim.claim_id] for claim in claims}
        told = Narrative(
            customer_id=self.customer_id, as_of=self.as_of, lang=self.lang, claims=claims, sentences=tellings
        )
        return Ground(claims, said, self.forbidden, (), narrative=told)

    def provenance(self, origin: Origin) -> Provenance:
        """Where an answer about this customer came from."""
        versions = {"fold_version": self.fold_version, "identity_version": self.identity_version}
        return Provenance(**origin.model_dump(), **versions)
