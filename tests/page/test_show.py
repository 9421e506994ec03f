"""What the page shows and sounds: notes, the plan ahead of now, expectations; and when the daemon is gone or newer."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from antiphon.stage.messages import Expectation, Grid, NoteOff, NoteOn, Notice, PlanMade, PlannedNote
from tests.daemon.live import Daemon
from tests.page.conftest import OpenPage, until
from tests.page.fake_daemon import FakeDaemon

COUNT = """([colour, fromNow, until]) => {
    const {roll} = window.antiphon, canvas = roll.canvas, ratio = canvas.width / canvas.clientWidth;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let x = Math.round((roll.view.nowX + fromNow) * ratio); x < (roll.view.nowX + until) * ratio; x++)
        for (let y = Math.round(60 * ratio); y < pixels.height; y++) {
            const at = 4 * (y * pixels.width + x);
            if ([0, 1, 2].every(index => Math.abs(pixels.data[at + index] - colour[index]) < 40)) count++;
        }
    return count;
}"""
"""Pixels near a colour, between two distances from the now-line; the legend above is left out."""
BLUE, ORANGE = [0x56, 0xB4, 0xE9], [0xF2, 0xA5, 0x1A]
LEVEL = "window.antiphon.sound.level()"


def coloured(page: Page, colour: list[int], start: float, end: float) -> int:
    return int(page.evaluate(COUNT, [colour, start, end]))


def wait_for_colour(page: Page, colour: list[int], start: float, end: float, holds: str) -> None:
    until(page, f"({COUNT})({[colour, start, end]}) {holds}")


def dark(open_page: OpenPage, **settings: Any) -> Page:
    page = open_page(color_scheme="dark", **settings)
    page.click("#silent")
    return page


def test_the_plan_is_ahead_of_now_and_the_played_behind(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = dark(open_page)
    now = daemon.now
    daemon.say(
        NoteOn("performer", now - 2, 60, 90, 1),
        NoteOff("performer", now - 1, 60, 1),
        PlanMade([PlannedNote(now + 100, now + 101, 67, 80), PlannedNote(now + 1, now + 3, 67, 80)]),
    )
    wait_for_colour(page, ORANGE, 10, 300, "> 50")
    assert coloured(page, ORANGE, -500, -5) == 0
    assert coloured(page, BLUE, 5, 300) == 0
    assert coloured(page, BLUE, -500, -5) > 200
    daemon.say(PlanMade([]))
    wait_for_colour(page, ORANGE, 10, 300, "=== 0")


def test_an_answer_is_drawn_behind_now(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = dark(open_page)
    now = daemon.now
    daemon.say(NoteOn("answer", now - 1.5, 64, 127, 1))
    wait_for_colour(page, ORANGE, -120, -10, "> 200")
    assert coloured(page, ORANGE, 10, 300) == 0


def test_bars_are_bright_where_they_are_shared(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = dark(open_page)
    bar = [0x5A, 0x6A, 0x80]
    wait_for_colour(page, bar, -500, 300, "=== 0")
    daemon.change(grid=Grid(daemon.now, 0.0, 100.0, 4.0, 16, True))
    wait_for_colour(page, bar, -500, 300, "> 200")


def test_a_still_page_draws_nothing(open_page: OpenPage) -> None:
    page = dark(open_page)
    frames = """async () => {
        let fills = 0;
        const {context} = window.antiphon.roll, fill = context.fillRect;
        context.fillRect = function (...box) { fills++; return fill.apply(this, box); };
        for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
        context.fillRect = fill;
        return fills;
    }"""
    until(page, f"async () => await ({frames})() === 0")


def test_keys_show_what_sounds_and_what_is_expected(page: Page, daemon: FakeDaemon) -> None:
    daemon.say(
        NoteOn("performer", daemon.now, 60, 90, 1),
        NoteOn("answer", daemon.now, 64, 90, 1),
        NoteOn("answer", daemon.now, 20, 90, 1),
        Expectation([(67, 0.5), (62, 0.1)]),
    )
    expect(page.locator("[data-pitch='60'].performer")).to_be_visible()
    expect(page.locator("[data-pitch='64'].answer")).to_be_visible()
    expect(page.locator("#octave-down.sounds")).to_be_visible()
    number = page.locator("[data-pitch='67'] .likely-number")
    expect(number).to_have_attribute("data-text", "50")
    number_box, black_box = number.bounding_box(), page.locator("[data-pitch='66']").bounding_box()
    assert number_box is not None and black_box is not None
    assert number_box["y"] >= black_box["y"] + black_box["height"]  # it isn't behind a black key
    shares = "[...document.querySelectorAll('.likely')].map(bar => bar.offsetHeight / bar.parentElement.clientHeight)"
    until(page, f"Math.abs(Math.max(...{shares}) - 0.5) < 0.02")
    daemon.say(NoteOff("performer", daemon.now, 60, 1), NoteOff("answer", daemon.now, 64, 1), Expectation([]))
    expect(page.locator(".key.performer, .key.answer")).to_have_count(0)
    until(page, f"Math.max(...{shares}) === 0")


def test_a_key_has_no_name_before_it_is_heard(open_page: OpenPage, alone: tuple[Daemon, str]) -> None:
    page = open_page(alone[1])
    page.click("#silent")
    circle, spoken = page.locator("#circle"), page.locator("#spoken")
    expect(circle).to_have_attribute("aria-label", "Circle of fifths: listening for your key")
    expect(page.locator(".circle .in-use")).to_have_count(0)
    expect(page.locator("#key-name")).to_have_text("?")
    expect(spoken).to_contain_text("Key not heard yet")
    for key in "ASDFGASDFGHJK":  # C major and no other
        page.keyboard.press(f"Key{key}", delay=100)  # one after the other, not a chord
    expect(circle).to_have_attribute("aria-label", re.compile(r"C major or A minor, \d+ percent sure$"))
    expect(page.locator("#key-name")).to_have_text("C major")


def test_the_page_says_how_the_voices_stand_and_then_which_phrase_it_is(
    open_page: OpenPage, alone: tuple[Daemon, str]
) -> None:
    page = open_page(alone[1])
    page.click("#silent")
    reason = page.locator("#reason")
    expect(reason).to_be_hidden()
    for key in "ASDFG":
        page.keyboard.press(f"Key{key}", delay=100)
    expect(reason).to_have_text(re.compile(r"you(, in (contrary|parallel|similar|oblique) motion)?$"))
    page.get_by_label("It goes on").check()
    expect(reason).to_be_hidden()
    page.click("[data-press=answer]")
    expect(reason).to_have_text(re.compile(r"^A: a new phrase, (ends open|closes on the tonic)$"))


def test_a_key_that_is_locked_is_named_at_once(open_page: OpenPage, alone: tuple[Daemon, str]) -> None:
    page = open_page(alone[1])
    page.get_by_label("Key", exact=True).select_option("Eb")
    expect(page.locator("#circle")).to_have_attribute("aria-label", "Circle of fifths: E flat major or C minor, locked")
    expect(page.locator(".circle .in-use .sector-major")).to_have_text("E♭")
    expect(page.locator("#spoken")).to_contain_text("Key E flat major or C minor")


def test_notices_are_said(page: Page, daemon: FakeDaemon) -> None:
    daemon.say(Notice("the port was unplugged"))
    expect(page.locator("#notices[role=status]")).to_have_text("the port was unplugged")


def test_performer_and_answer_sound_and_end(page: Page, daemon: FakeDaemon) -> None:
    expect(page.locator("#start")).to_be_visible()
    page.click("#play")
    expect(page.locator("#start")).to_be_hidden()
    for part, pitch in (("answer", 69), ("performer", 57)):
        until(page, f"{LEVEL} < 1e-4")
        daemon.say(NoteOn(part, daemon.now, pitch, 100, 1))  # type: ignore[arg-type]
        until(page, f"{LEVEL} > 0.01")
        daemon.say(NoteOff(part, daemon.now, pitch, 1))  # type: ignore[arg-type]
        until(page, f"{LEVEL} < 1e-4")


def test_the_two_voices_differ(page: Page, daemon: FakeDaemon) -> None:
    page.click("#play")
    spectra = []
    for part in ("answer", "performer"):
        daemon.say(NoteOn(part, daemon.now, 69, 100, 1))
        until(page, f"{LEVEL} > 0.01")
        page.wait_for_timeout(250)  # past the attack
        spectra.append(page.evaluate("window.antiphon.sound.spectrum()"))
        daemon.say(NoteOff(part, daemon.now, 69, 1))
        until(page, f"{LEVEL} < 1e-4")
    width = float(page.evaluate("window.antiphon.sound.sampleRate / 2048"))  # Hz of one number
    third_over_second = [spectrum[round(1320 / width)] - spectrum[round(880 / width)] for spectrum in spectra]
    assert third_over_second[0] - third_over_second[1] > 10  # decibels: a reed has odd partials above all


def test_sound_is_turned_off_and_down(page: Page, daemon: FakeDaemon) -> None:
    page.click("#play")
    daemon.say(NoteOn("answer", daemon.now, 69, 100, 1))
    until(page, f"{LEVEL} > 0.01")
    page.get_by_role("button", name="Sound off").click()
    until(page, f"{LEVEL} < 1e-4")
    page.get_by_role("button", name="Sound off").click()
    until(page, f"{LEVEL} > 0.01")
    page.get_by_label("Volume").fill("0")
    until(page, f"{LEVEL} < 1e-4")


def test_a_daemon_that_goes_takes_its_notes_and_comes_back(page: Page, daemon: FakeDaemon) -> None:
    page.click("#play")
    page.keyboard.down("KeyA")
    daemon.say(NoteOn("answer", daemon.now, 69, 100, 1))
    until(page, f"{LEVEL} > 0.01")
    daemon.stop()
    expect(page.get_by_text("Antiphon is not there.")).to_be_visible()
    expect(page.locator(".key.down, .key.answer")).to_have_count(0)
    until(page, f"{LEVEL} < 1e-4 && window.antiphon.sound.voices === 0")
    assert page.evaluate("window.antiphon.score.notes.every(note => note.end < Infinity)")
    daemon.heard.clear()
    daemon.start()
    daemon.wait(bool)
    expect(page.get_by_text("Antiphon is not there.")).to_be_hidden()
    page.keyboard.up("KeyA")
    page.keyboard.press("KeyS")
    assert [message[:2] for message in daemon.wait_for_midi(2)] == [[0x90, 62], [0x80, 62]]


def test_a_newer_daemon_asks_for_a_reload(browser: Any, daemon: FakeDaemon) -> None:
    daemon.version += 1
    page = browser.new_page()
    page.goto(daemon.url)
    expect(page.get_by_text("Antiphon is newer than this page: reload")).to_be_visible()
    expect(page.locator("#gone")).to_be_hidden()
    daemon.version -= 1
    page.get_by_role("button", name="Reload").click()
    page.wait_for_selector("#link.good")
    expect(page.locator("#old")).to_be_hidden()
    page.close()


def test_the_clock_is_the_daemons(page: Page, daemon: FakeDaemon) -> None:
    until(page, "window.antiphon.connection.clock.roundTrip !== null")
    before = daemon.now
    shown = float(page.evaluate("window.antiphon.now()"))
    assert before - 0.1 < shown < daemon.now + 0.1
