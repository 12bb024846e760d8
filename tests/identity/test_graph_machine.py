"""The graph against a brute-force model: whatever happens in whatever order, they agree.

Twice: a hypothesis state machine, which shrinks what it finds, and plain seeded walks, which go further in the same
time. UNDERSTORY_TEST_STEPS=200000 runs both longer (default: 5,000 steps of walks). No database is asked here; the
walk through the store is test_store_walk.py.
"""

import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.identity.walking import Machine

DEFAULT = 5000
STEPS = int(os.environ.get("UNDERSTORY_TEST_STEPS", DEFAULT))
EACH = 50


@pytest.fixture
def machine() -> type[Machine]:
    class Here(Machine):
        pass

    return Here


def test_graph_and_replay_agree_with_a_brute_force_model(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(1, STEPS // 100),
            stateful_step_count=EACH,
            deadline=None,
            derandomize=STEPS == DEFAULT,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_long_walks_agree_with_the_model(machine: type[Machine]) -> None:
    for seed in range(STEPS // EACH):
        dice, here = random.Random(seed), machine()
        here.begin()
        for _ in range(EACH):
            here.walk(dice)
            here.agrees()
        here.replayed()
        here.teardown()
    assert machine.steps >= STEPS
