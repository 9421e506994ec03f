"""A duet with the real daemon, on the page alone: a machine without a MIDI system is enough."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.daemon.live import Daemon, notes, recorded
from tests.daemon.tunes import ODE_TO_JOY
from tests.page.conftest import OpenPage, until
from tests.page.test_keys import middle

LEVEL = "window.antiphon.sound.level()"
HOLD_MS = 120
ROW = {60: "KeyA", 62: "KeyS", 64: "KeyD", 65: "KeyF", 67: "KeyG"}
PHRASE = [pitch for pitch, _ in ODE_TO_JOY[:15]]
ENDED = "window.antiphon.score.notes.every(note => note.end < Infinity)"
ANSWERS = "window.antiphon.score.notes.filter(note => note.part === 'answer').length"


def click_keys(page: Page, pitches: list[int]) -> None:
    for pitch in pitches:
        page.mouse.move(*middle(page, pitch))
        page.mouse.down()
        page.wait_for_timeout(HOLD_MS)  # a note takes its time
        page.mouse.up()


def type_keys(page: Page, pitches: list[int]) -> None:
    for pitch in pitches:
        page.keyboard.press(ROW[pitch], delay=HOLD_MS)


def check_recording(running: Daemon) -> tuple[int, int]:
    """End the session; return how many notes of performer and answer it holds, all of which have ended."""
    running.stop()
    file = recorded(running.cwd)
    return len(notes(file, "Performer")), len(notes(file, "Antiphon"))


def test_a_duet_on_the_page_alone(open_page: OpenPage, alone: tuple[Daemon, str]) -> None:
    running, url = alone
    page = open_page(url)
    expect(page.locator("#ports")).to_have_text("playing through this page")
    page.click("#play")

    click_keys(page, PHRASE[:8])
    until(page, f"{ANSWERS} >= 5 && {LEVEL} > 0.01")
    type_keys(page, PHRASE[8:])
    expect(page.locator("#key-name")).to_have_text("C major")
    expect(page.locator("#latency")).to_contain_text("answers in")
    expect(page.locator(".likely-number[data-text]:not([data-text=''])").first).to_be_visible()

    page.get_by_label("Call and response").check()
    expect(page.locator("#mode-name")).to_have_text("call and response")
    page.get_by_label("Temperature").fill("1.2")
    expect(page.locator("output[for=temperature]")).to_have_text("1.20")
    until(page, f"{ENDED} && {LEVEL} < 1e-4")

    before = page.evaluate(ANSWERS)
    type_keys(page, PHRASE)
    until(page, "window.antiphon.score.plan.length > 1")
    expect(page.locator("#turn")).to_have_text("Answering")
    expect(page.locator(".key.answer").first).to_be_visible()
    until(page, f"{ANSWERS} > {before} && {LEVEL} > 0.01")

    page.keyboard.press("Escape")
    expect(page.locator("#turn")).to_have_text("Listening")
    until(page, f"{ENDED} && {LEVEL} < 1e-4 && window.antiphon.score.plan.length === 0")
    expect(page.locator(".key.answer, .key.performer")).to_have_count(0)

    played, answered = check_recording(running)
    assert played == 2 * len(PHRASE)
    assert answered > 5


def test_a_page_that_is_reloaded_in_mid_phrase_leaves_no_note(open_page: OpenPage, alone: tuple[Daemon, str]) -> None:
    running, url = alone
    page = open_page(url)
    page.click("#silent")
    type_keys(page, PHRASE[:3])
    page.keyboard.down(ROW[67])
    page.mouse.move(*middle(page, 72))
    page.mouse.down()
    expect(page.locator(".key.performer")).to_have_count(2)
    page.reload()
    page.wait_for_selector("#link.good")
    expect(page.locator(".key.performer")).to_have_count(0)
    until(page, ENDED)
    played, _ = check_recording(running)
    assert played == 5


def test_what_was_played_is_listed_and_the_guide_is_there(open_page: OpenPage, alone: tuple[Daemon, str]) -> None:
    _, url = alone
    page = open_page(url)
    page.click("#silent")
    type_keys(page, PHRASE[:3])
    page.get_by_role("button", name="Record").click()
    expect(page.locator("#recording")).to_have_text("not recording")
    page.get_by_role("button", name="Sessions").click()
    with page.expect_download() as download:
        page.locator("#session-list a").first.click()
    assert Path(download.value.path()).read_bytes().startswith(b"MThd")
    page.keyboard.press("Escape")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="How a DAW uses Antiphon").click()
    expect(opened.value.locator("body.guide h1")).to_be_visible()
