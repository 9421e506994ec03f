"""Five browsers at once on the real daemon: what one plays and sets is on all of them."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.daemon.live import Daemon, notes, recorded
from tests.page.conftest import OpenPage, until

NOTES = """JSON.stringify(window.antiphon.score.notes
    .map(({part, pitch, channel, velocity, start, end}) => ({part, pitch, channel, velocity, start, end})))"""
ANSWERED = "window.antiphon.score.notes.some(note => note.part === 'answer')"
ENDED = "window.antiphon.score.notes.every(note => note.end < Infinity)"

GONE_AT_ONCE = """for (const name of ["blur", "pagehide", "visibilitychange"])
    window.addEventListener(name, (event) => event.stopImmediatePropagation(), true);"""
"""Keeps a page from letting go of its keys when it is closed, as a browser does that has no time to."""


def notes_on(page: Page) -> list[dict[str, float | str]]:
    shown: list[dict[str, float | str]] = json.loads(page.evaluate(NOTES))
    return shown


def test_five_pages_show_the_same_and_one_that_closes_ends_its_note(
    open_page: OpenPage, alone: tuple[Daemon, str]
) -> None:
    running, url = alone
    pages = [open_page(url, GONE_AT_ONCE) for _ in range(5)]
    for page in pages:
        page.click("#silent")
    pages[1].get_by_label("Key", exact=True).select_option("Eb")
    pages[2].keyboard.down("KeyA")
    for page in pages:
        expect(page.locator(".key.performer")).to_have_attribute("data-pitch", "60")
        expect(page.locator("#key-name")).to_have_text("E♭ major")
        until(page, ANSWERED)
    pages[3].get_by_label("It goes on").check()
    for page in pages:
        expect(page.locator("#mode-name")).to_have_text("it goes on")

    pages.pop(2).close()
    for page in pages:
        expect(page.locator(".key.performer")).to_have_count(0)
    pages[0].get_by_role("button", name="Mute").click()  # nobody's turn goes on
    for page in pages:
        expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
        until(page, ENDED)
    first, *others = [notes_on(page) for page in pages]
    assert [note["pitch"] for note in first if note["part"] == "performer"] == [60]
    assert all(other == first for other in others)
    running.stop()
    assert [note.pitch for note in notes(recorded(running.cwd), "Performer")] == [60]
