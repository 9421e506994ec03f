"""What tests share: a JACK server of their own, so that they play on real ports and touch nobody else's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

import bootstrap
from tests.distribution import Lanes, longest_first, module_of

# A time limit for each example would fail on a busy machine, and tell nothing. The examples are the same in each run,
# so that a change is judged by what it does and not by luck; `--hypothesis-profile search` looks for new ones.
settings.register_profile("antiphon", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("antiphon")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background so, and programs that tests start would never hear of Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # So does nohup, and `antiphon run` then outlives its terminal, as it should.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

SERVERS = 7
"""Servers that tests may have at a time. JACK knows only eight on a machine, and forgets a dead one only when another
takes its name; so the names are few and are used again. The eighth is the user's own."""
TURN_SECONDS = 300.0
"""How long a test waits for a name: whole modules keep theirs, and other test runs on this machine count too."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share tests out as `tests.distribution` says."""
    config.option.loadscopereorder = False  # it would put modules of many small tests first
    return Lanes(config, log)


LIVE_FIXTURES = {"jack_server", "browser", "inside"}
"""What a test asks for that plays on real ports, in a real browser or on a real network."""
LIVE_MODULES = ("platforms/", "daemon/test_osc", "daemon/test_doctor", "daemon/test_stage", "daemon/test_faults")
"""Where else processes, sockets and ports of the machine take part."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a test that is live be tried a second time, and workers begin with what takes longest.

    A machine that is busy may stand still for longer than any music can wait, and UDP and JACK's MIDI may lose a
    message then. What was tried again is counted in the last lines; a defect fails both times.
    """
    for item in items:
        if LIVE_FIXTURES & set(getattr(item, "fixturenames", ())) or module_of(item.nodeid).startswith(LIVE_MODULES):
            item.add_marker(pytest.mark.flaky(reruns=1))
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not tested, and how to get it."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped")
    )
    if reasons:
        terminalreporter.line("skipped: " + "; ".join(f"{count} tests: {reason}" for reason, count in reasons.items()))


@pytest.fixture(scope="module")
def jack_server() -> Iterator[dict[str, str]]:
    """Yield the environment in which JACK clients find the tests' server; it holds for this process as well.

    Each module has a server of its own: what one does to it (floods, kills) is not the next one's matter.
    """
    with running_jack() as environment:
        yield environment


@contextmanager
def running_jack(period: int = 64, realtime: bool = True) -> Iterator[dict[str, str]]:
    """Run a JACK server, ahead of whatever else this machine does, where that is granted; `period` is in frames.

    Without `realtime`, it has no priority over other programs.
    """
    if os.environ.get("ANTIPHON_WITHOUT_JACK") == "1":
        pytest.skip("ANTIPHON_WITHOUT_JACK=1")
    if sys.platform != "linux":
        pytest.skip("the tests play on JACK ports, and start JACK on Linux only")
    if shutil.which("jackd") is None:
        # Not skipped: whoever sees these tests pass may believe that Antiphon plays.
        pytest.fail("jackd is missing; run: sudo apt-get install -y jackd2 (or test without: ANTIPHON_WITHOUT_JACK=1)")
    with reserved_name() as name, pytest.MonkeyPatch.context() as patch, tempfile.TemporaryFile() as log:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        server, lifeline = bootstrap.start_jackd(output=log.fileno(), period=period, realtime=realtime)
        try:
            if not bootstrap.jack_answers(seconds=20, python=sys.executable):
                log.seek(0)
                pytest.fail(f"jackd does not start: {log.read().decode(errors='replace')}")
            yield dict(os.environ)
        finally:
            log.seek(0)
            print(log.read().decode(errors="replace")[-2000:])  # noqa: T201  shown where a test has failed
            os.close(lifeline)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:  # a client that never let go; the next run may take the name
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


@contextmanager
def reserved_name() -> Iterator[str]:
    """Keep a server's name for this process; the lock ends with it, however it ends."""
    import fcntl

    deadline = time.monotonic() + TURN_SECONDS
    while time.monotonic() < deadline:
        for number in range(SERVERS):
            name = f"antiphon-test-{os.getuid()}-{number}"
            with Path(tempfile.gettempdir(), f"{name}.lock").open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield name
                return
        time.sleep(0.1)  # whoever has one says nothing when it ends
    pytest.fail(f"all {SERVERS} names of JACK servers are taken by other test runs; wait for one to end")
