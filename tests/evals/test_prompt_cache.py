"""The simulator of a server's prefix cache, on prompts whose shares are known by hand."""

from app.llm.chat_model import Message
from evals.prompt_cache import PrefixCache, cached_share
from evals.tokens import tokens_of

STATIC = list(range(64))


def customer(number: int, tokens: int = 36) -> list[int]:
    return [1000 * number + i for i in range(tokens)]


def test_what_prompts_share_from_their_start_is_read_once() -> None:
    prompts = [STATIC + customer(n) for n in (1, 2, 3)]
    assert cached_share(prompts, PrefixCache()) == (0 + 64 + 64) / 300


def test_nothing_is_shared_behind_the_first_difference() -> None:
    prompts = [customer(n) + STATIC for n in (1, 2, 3)]
    assert cached_share(prompts, PrefixCache()) == 0


def test_a_block_that_is_not_full_is_not_kept() -> None:
    assert cached_share([[*STATIC[:15], 7], [*STATIC[:15], 8]], PrefixCache()) == 0


def test_the_last_token_of_a_known_prompt_is_computed_again() -> None:
    cache = PrefixCache()
    assert [cache.read(STATIC), cache.read(STATIC)] == [0, 48]


def test_a_full_cache_forgets_the_ends_of_old_prompts_first() -> None:
    cache = PrefixCache(blocks=4)
    one, two = STATIC + customer(1, 32), STATIC + customer(2, 32)
    cache.read(one)
    assert cache.read(two) == 64
    assert cache.read(one) == 64  # the customer's own two blocks are gone, the shared four are not


def test_tokens_cover_every_byte_and_turns_are_marked() -> None:
    tokens = tokens_of([Message("system", "你好 👋🏽"), Message("user", "plain words 2026")])
    again = tokens_of([Message("system", "你好 👋🏽"), Message("user", "other words 2026")])
    assert tokens[0] == again[0]
    assert tokens != again
    assert 10 < len(tokens) < 60
