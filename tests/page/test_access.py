"""The page is for everybody: axe-core finds nothing serious, in dark and light, on a phone, with dialogs open."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.page.conftest import OpenPage
from tests.page.fake_daemon import FakeDaemon

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
LAPTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def faults(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found: Any = page.evaluate("axe.run()")
    return [
        f"{violation['impact']}: {violation['help']}: {[node['html'] for node in violation['nodes']][:3]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical", "moderate")
    ]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core isn't installed: npm install")
@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("state", ["start", "playing", "help", "sessions", "gone"])
def test_axe_finds_nothing(
    open_page: OpenPage, daemon: FakeDaemon, state: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(color_scheme=scheme, viewport=viewport, bypass_csp=True)
    if state != "start":
        page.click("#silent")
        daemon.change(
            turn="answering",
            latency_ms=30.0,
            record=False,
            sync="clock",
            clock="lost",
            mute=True,
            words="A A′ B B′ A A′: answers the phrase before, a third lower, closes on the tonic, the last",
        )
        page.wait_for_selector("#latency.bad")
    if state == "help":
        page.click("#open-help")
    elif state == "sessions":
        page.click("#open-sessions")
        page.wait_for_selector("#session-list table")
    elif state == "gone":
        daemon.stop()
        page.wait_for_selector("#gone", state="visible")
    assert faults(page) == []


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE, {"width": 844, "height": 390}, {"width": 1920, "height": 1080}])
def test_nothing_sticks_out_at_the_side(open_page: OpenPage, viewport: dict[str, int]) -> None:
    page = open_page(viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for each in page.locator(".actions label, .actions button").all():
        there = each.bounding_box()
        assert there is not None and there["x"] >= 0 and there["x"] + there["width"] <= viewport["width"]
    assert page.evaluate("[...document.querySelectorAll('.segments span')].every(e => e.scrollWidth <= e.clientWidth)")
    box = page.locator("#keys").bounding_box()
    assert box is not None and box["y"] + box["height"] <= viewport["height"]  # the piano is there without scrolling


def test_all_that_can_be_done_is_reached_with_the_tab_key(page: Page) -> None:
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = {"play", "silent", "open-sessions", "theme", "open-help", "Answer now", "Hold", "Mute", "Tap", "Record",
              "Panic", "octave-down", "octave-up", "temperature", "density", "lowest", "highest", "model", "key", "bpm",
              "follow", "volume", "silence", "connect-midi"}  # fmt: skip
    assert wanted <= reached
