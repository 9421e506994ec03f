"""How tests are shared out among workers that run beside each other: what stays together, and what comes first.

The tests of a module stay together, because they share a JACK server, a browser or a trained network. Modules whose
tests mostly wait for music, each for long, are shared out test by test. What takes longest comes first: begun last, it
would keep everybody waiting.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

ONE_BY_ONE = ("daemon/test_improviser_states", "daemon/test_live_modes", "daemon/test_faults")
"""Modules whose tests may be shared out one by one, the longest first."""
LONG = (
    *ONE_BY_ONE,
    "platforms/test_pipewire",
    "platforms/test_newcomer",
    "platforms/test_doctor",
    "trainer/test_foreign_models",
    "trainer/test_conversion",
    "trainer/test_training",
    "daemon/test_stage",
    "daemon/test_osc",
    "daemon/test_faults_input",
    "daemon/test_stage_faults",
    "trainer/test_fuzz_kern",
    "trainer/test_evaluation",
    "daemon/test_bench",
    "daemon/test_doctor",
    "trainer/test_prepare",
    "daemon/test_faults_oddities",
    "daemon/test_live",
    "daemon/test_ardour",
    "daemon/test_session_replay",
    "daemon/test_osc_examples",
    "daemon/test_osc_endpoint",
    "trainer/test_audition",
    "trainer/test_making",
    "daemon/test_cli",
    "page/test_keys",
    "page/test_controls",
    "page/test_duet",
    "page/test_show",
)
"""Modules that take more than ten seconds, the longest first; all others come after them."""


class Lanes(LoadScopeScheduling):
    """Keeps the tests of a module on one worker, but for those of `ONE_BY_ONE`."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if module_of(nodeid) in ONE_BY_ONE else nodeid.split("::")[0]


def module_of(nodeid: str) -> str:
    """Return a test's module, such as "daemon/test_live"."""
    return nodeid.split(".py::")[0].removeprefix("tests/")


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which workers should begin them."""
    return sorted(items, key=lambda item: rank(module_of(item.nodeid)))


def rank(module: str) -> int:
    """Return a module's place in the order."""
    return LONG.index(module) if module in LONG else len(LONG)
