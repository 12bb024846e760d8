"""Tell a customer's story by the highest rung that keeps to the claims: large model, small model, composer.

The ladder is visible: every story says which rung spoke and, when a higher one is configured, why it did not.
"""

from collections.abc import Collection, Iterator, Mapping

from app.errors import ModelOutputError
from app.insights.compose import compose
from app.insights.ground import FEWEST, Ground, Tale, Told, ground_of
from app.insights.retell import retell
from app.insights.schemas import ProfileStory, Provenance
from app.insights.select import select
from app.insights.verify import Recompute
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Step, descend
from app.llm.prompts import PromptLibrary
from app.narrative.book import Book
from app.narrative.schemas import Narrative


class Storyteller:
    """Tells stories with the models that there are, or with none."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary, *, small: ChatModel | None = None) -> None:
        """`large` words stories itself, `small` only chooses what is told; without both the composer speaks."""
        self._large, self._small, self._prompts = large, small, prompts

    def tell(
        self,
        narrative: Narrative,
        spoken: Mapping[str, str],
        recompute: Recompute,
        *,
        about: About,
        fold_version: int,
        identity_version: int,
        forbidden: Collection[str] = (),
        book: Book | None = None,
        ask_model: bool = True,
    ) -> ProfileStory:
        """The story of claims that `recompute` confirms, in sentences that keep to them.

        `spoken` says each claim in one plain sentence; `forbidden` are the words of the sensitivity list; on `book`
        claims of a model's own are measured. Without `ask_model` the composer tells it. A model that is down, slow or
        wrong never makes this fail; all rungs share one deadline.
        """
        ground = ground_of(narrative, spoken, recompute, forbidden, book)
        steps = tuple(self._steps(narrative, ground, about)) if ask_model else ()
        found = descend(steps, lambda: Tale(compose(narrative, ground.claims)))
        return ProfileStory(
            customer_id=narrative.customer_id,
            as_of=narrative.as_of,
            lang=narrative.lang,
            sentences=found.value.sentences,
            claims=(*ground.claims, *found.value.claims),
            provenance=Provenance(
                fold_version=fold_version, identity_version=identity_version, **found.origin.model_dump()
            ),
            dropped=(*ground.dropped, *found.dropped),
        )

    def _steps(self, narrative: Narrative, ground: Ground, about: About) -> Iterator[Step[Tale]]:
        """The rungs that have a model; none is asked where there is next to nothing to say."""

        def large(model: ChatModel, spent_ms: float) -> Told:
            _require_enough(ground)
            return retell(model, self._prompts, ground, narrative.lang, about, spent_ms=spent_ms)

        def small(model: ChatModel, spent_ms: float) -> Told:
            _require_enough(ground)
            return select(model, self._prompts, narrative, ground, about, spent_ms=spent_ms)

        yield Step("large", self._large, large)
        yield Step("small", self._small, small)


def _require_enough(ground: Ground) -> None:
    if len(ground.claims) < FEWEST:
        raise ModelOutputError(f"there are fewer than {FEWEST} claims to tell")
