"""Questions to a model on its way through the layers, which teach what an answer alone would teach slowly.

Runs in .venv-vllm.
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy

from evals.train.packing import Row

TOP_LEVEL = 40
"""Claims that a question may show at most."""


class Reader(torch.nn.Module):
    """Asks on the way what an answer alone would teach slowly; not part of the model, and thrown away.

    After LINES layers the end of a line has to know its kind of claim and its number, after NAMED layers a number in an
    answer the kind of the claim that it names, and after NEXT layers the place before it the kind that comes.
    """

    LINES, NAMED, NEXT = 2, 3, 5

    def __init__(self, hidden: int, kinds: int) -> None:
        """For layers of `hidden` numbers and so many kinds of claims."""
        super().__init__()
        self.kind, self.named, self.next = (torch.nn.Linear(hidden, kinds) for _ in range(3))
        self.place = torch.nn.Linear(hidden, TOP_LEVEL)

    def forward(self, layers: Sequence[torch.Tensor], row: Row) -> torch.Tensor:
        """The sum of the four mean cross-entropies, from the [tokens, hidden] of every layer."""
        ends, named = list(row.ends), list(row.named)
        kinds, named_kinds = torch.tensor(row.kinds), torch.tensor(row.named_kinds)
        asked = (
            (self.kind, layers[self.LINES][ends], kinds),
            (self.place, layers[self.LINES][ends], torch.tensor(row.places)),
            (self.named, layers[self.NAMED][named], named_kinds),
            (self.next, layers[self.NEXT][[i - 1 for i in named]], named_kinds),
        )
        return torch.stack([cross_entropy(head(said), target) for head, said, target in asked]).sum()
