"""How much of each prompt a server with automatic prefix caching would find in its cache, worked out without one.

As vLLM does it: a prompt is cut into full blocks of 16 tokens, a block is known by the hash of itself and of all before
it, and a prompt takes the longest run of known blocks from its start, but never its last token, which has to be
computed. Blocks are forgotten least recently used first when there are more than the cache holds.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import blake2b

BLOCK = 16
"""Tokens: the unit in which prompts share the cache."""


class PrefixCache:
    """What a server remembers of the prompts it has read."""

    def __init__(self, *, block: int = BLOCK, blocks: int | None = None) -> None:
        """`blocks` is how many are held at most; None for as many as there are."""
        self._block, self._most = block, blocks
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def read(self, tokens: Sequence[int]) -> int:
        """How many tokens of a prompt were known; now all of its full blocks are."""
        hashes = list(self._hashes(tokens))
        found = next((i for i, one in enumerate(hashes) if one not in self._known), len(hashes))
        for one in reversed(hashes):  # the start of a prompt is what is forgotten last
            self._known[one] = None
            self._known.move_to_end(one)
        while self._most is not None and len(self._known) > self._most:
            self._known.popitem(last=False)
        return min(found, (len(tokens) - 1) // self._block) * self._block

    def _hashes(self, tokens: Sequence[int]) -> Iterator[bytes]:
        before = b""
        for start in range(0, len(tokens) - self._block + 1, self._block):
            block = b",".join(b"%d" % token for token in tokens[start : start + self._block])
            before = blake2b(before + block, digest_size=16).digest()
            yield before


def cached_share(prompts: Sequence[Sequence[int]], cache: PrefixCache) -> float:
    """Share of all prompts' tokens that the cache knew, read in this order."""
    return sum(cache.read(prompt) for prompt in prompts) / sum(map(len, prompts))
