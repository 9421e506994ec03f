"""A browser with the page in it: Debian's Chromium, the daemon that only looks like one, and the real one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import live
from tests.daemon.pages import url_of
from tests.page.fake_daemon import FakeDaemon

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="the browser tests need playwright (requirements/develop.txt)"
)
from playwright.sync_api import Browser, ConsoleMessage, Page  # noqa: E402

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
OpenPage = Callable[..., Page]


def until(page: Page, expression: str) -> None:
    """Wait until an expression holds on the page. (`wait_for_function` may not: the page's policy forbids `eval`.)"""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"it never came to {expression}"
        page.wait_for_timeout(20)


@pytest.fixture(scope="module")  # its event loop is in the way of tests that run their own
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("the browser tests need Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon() as fake:
        yield fake


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[live.Daemon, str]]:
    """The real daemon on a machine without a MIDI system, and its address."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with live.daemon("--stage", "--stage-port", "0", "--seed", "3", cwd=tmp_path) as running:
        yield running, url_of(running)


@pytest.fixture
def open_page(browser: Browser, daemon: FakeDaemon) -> Iterator[OpenPage]:
    """Open the page, in a window of its own; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def complain(message: ConsoleMessage) -> None:
        # A daemon that is gone, and the tests' own looks at the canvas, are no faults of the page.
        is_ours = "ERR_CONNECTION_REFUSED" in message.text or "getImageData" in message.text
        if message.type in ("error", "warning") and not is_ours:
            complaints.append(message.text)

    def opened(url: str | None = None, script: str = "", **settings: Any) -> Page:
        """Open a window in which `script` has run before the page's own."""
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | settings)
        context.set_default_timeout(PATIENCE_MS)
        if script:
            context.add_init_script(script)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url or daemon.url)
        page.wait_for_selector("#link.good")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def page(open_page: OpenPage, daemon: FakeDaemon) -> Page:
    page = open_page()
    daemon.wait_for_page()
    return page
