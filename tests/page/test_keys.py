"""What is played on the page goes out as MIDI, and no note stays."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import OpenPage
from tests.page.fake_daemon import FakeDaemon

C4, D4, E4 = 60, 62, 64


def middle(page: Page, pitch: int, depth: float = 0.9) -> tuple[float, float]:
    """Return where a key is, at a share of its length."""
    box = page.locator(f"[data-pitch='{pitch}']").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] * depth


def pitches(messages: list[list[int]]) -> list[tuple[str, int]]:
    assert all(0 < message[2] < 128 for message in messages if message[0] == 0x90)
    return [({0x90: "on", 0x80: "off"}[message[0]], message[1]) for message in messages]


def test_the_mouse_plays_a_note(page: Page, daemon: FakeDaemon) -> None:
    page.mouse.move(*middle(page, C4))
    page.mouse.down()
    assert pitches(daemon.wait_for_midi(1)) == [("on", C4)]
    page.mouse.up()
    assert daemon.wait_for_midi(2)[1:] == [[0x80, C4, 0]]


def test_nearer_to_the_front_is_louder(page: Page, daemon: FakeDaemon) -> None:
    for depth in (0.7, 0.95):
        page.mouse.click(*middle(page, C4, depth))
    messages = daemon.wait_for_midi(4)
    assert messages[0][2] < messages[2][2]


def test_sliding_along_the_keys_is_a_glissando(page: Page, daemon: FakeDaemon) -> None:
    page.mouse.move(*middle(page, C4))
    page.mouse.down()
    page.mouse.move(*middle(page, D4))
    page.mouse.move(*middle(page, E4))
    page.mouse.up()
    assert pitches(daemon.wait_for_midi(6)) == [
        ("on", C4), ("off", C4), ("on", D4), ("off", D4), ("on", E4), ("off", E4)
    ]  # fmt: skip


def test_sliding_off_the_keys_ends_the_note(page: Page, daemon: FakeDaemon) -> None:
    page.mouse.move(*middle(page, C4))
    page.mouse.down()
    page.mouse.move(400, 300)
    assert pitches(daemon.wait_for_midi(2)) == [("on", C4), ("off", C4)]


def touch(page: Page) -> Callable[[str, dict[int, int]], None]:
    """Return what puts fingers on keys: their numbers → pitches."""
    session = page.context.new_cdp_session(page)

    def put(kind: str, fingers: dict[int, int]) -> None:
        points = []
        for finger, pitch in fingers.items():
            x, y = middle(page, pitch)
            points.append({"x": x, "y": y, "id": finger})
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return put


PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_several_fingers_play_a_chord(open_page: OpenPage, daemon: FakeDaemon) -> None:
    phone = open_page(**PHONE)
    fingers = touch(phone)
    phone.tap("#silent")
    fingers("touchStart", {1: C4})
    fingers("touchStart", {1: C4, 2: E4})
    assert pitches(daemon.wait_for_midi(2)) == [("on", C4), ("on", E4)]
    fingers("touchMove", {1: D4, 2: E4})
    assert pitches(daemon.wait_for_midi(4))[2:] == [("off", C4), ("on", D4)]
    fingers("touchEnd", {1: D4})
    assert pitches(daemon.wait_for_midi(5))[4:] == [("off", D4)]
    fingers("touchEnd", {})
    assert pitches(daemon.wait_for_midi(6))[5:] == [("off", E4)]


def test_a_touch_that_the_system_takes_away_ends_its_note(open_page: OpenPage, daemon: FakeDaemon) -> None:
    phone = open_page(**PHONE)
    fingers = touch(phone)
    phone.tap("#silent")
    fingers("touchStart", {1: C4})
    fingers("touchCancel", {})
    assert pitches(daemon.wait_for_midi(2)) == [("on", C4), ("off", C4)]


def test_the_computers_keys_play_two_rows(page: Page, daemon: FakeDaemon) -> None:
    for key in ("KeyA", "KeyW", "KeyS", "Quote"):
        page.keyboard.press(key)
    assert pitches(daemon.wait_for_midi(8))[::2] == [("on", 60), ("on", 61), ("on", 62), ("on", 77)]


def test_a_key_that_repeats_plays_once(page: Page, daemon: FakeDaemon) -> None:
    page.keyboard.down("KeyA")
    page.keyboard.down("KeyA")
    page.keyboard.up("KeyA")
    page.keyboard.press("KeyS")
    assert pitches(daemon.wait_for_midi(4)) == [("on", 60), ("off", 60), ("on", 62), ("off", 62)]


def test_octave_keys(page: Page, daemon: FakeDaemon) -> None:
    page.keyboard.down("KeyA")
    page.keyboard.press("KeyX")  # what is held ends at its own pitch
    page.keyboard.up("KeyA")
    page.keyboard.press("KeyA")
    page.keyboard.press("KeyZ")
    page.keyboard.press("KeyZ")
    page.keyboard.press("KeyA")
    assert pitches(daemon.wait_for_midi(6)) == [
        ("on", 60), ("off", 60), ("on", 72), ("off", 72), ("on", 48), ("off", 48)
    ]  # fmt: skip


def test_every_key_of_the_computers_is_on_the_piano(page: Page, daemon: FakeDaemon) -> None:
    for octave in ("KeyX", "KeyX", "KeyX", "KeyZ", "KeyZ", "KeyZ", "KeyZ"):
        page.keyboard.press(octave)
        expect(page.locator(".key .printed[data-text]:not([data-text=''])")).to_have_count(18)


def test_octave_buttons_show_other_keys(page: Page, daemon: FakeDaemon) -> None:
    assert page.locator("[data-pitch='96']").count() == 0
    page.click("#octave-up")
    page.mouse.click(*middle(page, 96))
    assert pitches(daemon.wait_for_midi(2)) == [("on", 96), ("off", 96)]


def test_two_that_hold_a_pitch_are_one_note(page: Page, daemon: FakeDaemon) -> None:
    page.mouse.move(*middle(page, C4))
    page.mouse.down()
    page.keyboard.down("KeyA")
    page.mouse.up()
    page.keyboard.up("KeyA")
    page.keyboard.press("KeyS")
    assert pitches(daemon.wait_for_midi(4)) == [("on", 60), ("off", 60), ("on", 62), ("off", 62)]


def test_the_piano_is_played_with_tab_arrows_and_enter(page: Page, daemon: FakeDaemon) -> None:
    page.locator("[data-pitch='60']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert pitches(daemon.wait_for_midi(2)) == [("on", 62), ("off", 62)]


@pytest.mark.parametrize("field", ["#model", "#bpm"])
def test_a_field_gets_its_keys(page: Page, daemon: FakeDaemon, field: str) -> None:
    page.focus(field)
    page.keyboard.press("KeyA")
    page.focus("#open-help")
    page.keyboard.press("KeyS")
    assert pitches(daemon.wait_for_midi(2)) == [("on", 62), ("off", 62)]


@pytest.mark.parametrize(
    "leave",
    [
        "window.dispatchEvent(new Event('blur'))",
        "Object.defineProperty(document, 'hidden', {value: true});"
        "document.dispatchEvent(new Event('visibilitychange'))",
        "window.dispatchEvent(new Event('pagehide'))",
    ],
    ids=["blur", "hidden", "pagehide"],
)
def test_nothing_is_held_by_a_window_that_is_left(page: Page, daemon: FakeDaemon, leave: str) -> None:
    page.keyboard.down("KeyA")
    page.keyboard.down("KeyD")
    page.mouse.move(*middle(page, 72))
    page.mouse.down()
    daemon.wait_for_midi(3)
    page.evaluate(leave)
    assert sorted(pitches(daemon.wait_for_midi(6))[3:]) == [("off", 60), ("off", 64), ("off", 72)]


def test_a_dialog_lets_go_of_the_keys(page: Page, daemon: FakeDaemon) -> None:
    page.keyboard.down("KeyA")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    assert pitches(daemon.wait_for_midi(2)) == [("on", 60), ("off", 60)]
    page.keyboard.press("KeyS")  # not heard: it is the dialog's
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.keyboard.press("KeyD")
    assert pitches(daemon.wait_for_midi(4))[2:] == [("on", 64), ("off", 64)]
