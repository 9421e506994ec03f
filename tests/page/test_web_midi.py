"""A MIDI keyboard on the browser's machine plays through the page; where it can't, the page says what to click."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from antiphon.stage.messages import Midi
from tests.daemon.live import Daemon, notes, recorded
from tests.page.conftest import OpenPage, until
from tests.page.fake_daemon import FakeDaemon

WEB_MIDI = """{
    const inputs = new Map(), access = {inputs, outputs: new Map(), onstatechange: null};
    const change = (port, state) => {
        port.state = state;
        access.onstatechange?.(Object.assign(new Event("statechange"), {port}));
    };
    window.cables = {
        isAllowed: true,
        plug(name) {
            const port = {id: name, name, type: "input", onmidimessage: null};
            inputs.set(name, port);
            change(port, "connected");
        },
        unplug(name) {
            const port = inputs.get(name);
            inputs.delete(name);
            change(port, "disconnected");
        },
        send(name, message) {
            inputs.get(name).onmidimessage?.(Object.assign(new Event("midimessage"), {data: Uint8Array.from(message)}));
        },
    };
    navigator.requestMIDIAccess = async () => {
        if (!window.cables.isAllowed) throw new DOMException("denied", "NotAllowedError");
        return access;
    };
}"""
"""A browser's Web MIDI, whose keyboards are plugged in and played by the test."""
ON, OFF = 0x90, 0x80
ENDED = "window.antiphon.score.notes.every(note => note.end < Infinity)"


class Cables:
    """The keyboards on the machine of a page's browser."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def plug(self, name: str) -> None:
        self._page.evaluate("name => cables.plug(name)", name)

    def unplug(self, name: str) -> None:
        self._page.evaluate("name => cables.unplug(name)", name)

    def send(self, name: str, *message: int) -> None:
        self._page.evaluate("([name, message]) => cables.send(name, message)", [name, message])


def connect(page: Page) -> None:
    page.get_by_role("button", name="Use a MIDI keyboard").click()


def check_advice(page: Page, text: str) -> None:
    expect(page.locator("#midi-advice")).to_have_text(text)


def wait_for_notes(page: Page, part: str, count: int) -> None:
    until(page, f"window.antiphon.score.notes.filter(note => note.part === '{part}').length === {count}")


def test_keyboards_come_play_with_the_daemon_and_go(open_page: OpenPage, alone: tuple[Daemon, str]) -> None:
    running, url = alone
    page = open_page(url, WEB_MIDI)
    page.click("#silent")
    cables = Cables(page)
    cables.plug("Early Keys")
    cables.plug("Antiphon out")
    connect(page)
    check_advice(page, "Plays here: Early Keys")
    cables.send("Antiphon out", ON, 48, 90)
    cables.send("Early Keys", ON, 60, 90)
    wait_for_notes(page, "answer", 1)
    cables.send("Early Keys", OFF, 60, 0)
    until(page, ENDED)

    cables.plug("Late Keys")
    check_advice(page, "Plays here: Early Keys, Late Keys")
    cables.send("Late Keys", ON, 62, 90)
    wait_for_notes(page, "answer", 2)
    expect(page.locator("[data-pitch='62'].performer")).to_be_visible()
    cables.unplug("Late Keys")
    expect(page.locator(".key.performer")).to_have_count(0)
    until(page, ENDED)
    check_advice(page, "Plays here: Early Keys")

    running.stop()
    assert [note.pitch for note in notes(recorded(running.cwd), "Performer")] == [60, 62]


def test_the_daemons_own_port_is_left_alone_whatever_its_name(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = open_page(script=WEB_MIDI)
    cables = Cables(page)
    cables.plug("Keys")
    cables.plug("Duo out")
    connect(page)
    check_advice(page, "Plays here: Keys, Duo out")
    daemon.change(midi=Midi("Duo in", "Duo out"))
    check_advice(page, "Plays here: Keys")
    cables.send("Duo out", ON, 48, 90)
    cables.send("Keys", ON, 60, 90)
    assert daemon.wait_for_midi(1) == [[ON, 60, 90]]


def test_all_but_the_systems_messages_go_out_as_they_are(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = open_page(script=WEB_MIDI)
    cables = Cables(page)
    cables.plug("Keys")
    connect(page)
    for message in ([0xF8], [0xFE], [0xF0, 0x7E, 0xF7], [ON | 4, 60, 1], [0xB4, 64, 127], [ON | 4, 60, 0]):
        cables.send("Keys", *message)
    assert daemon.wait_for_midi(3) == [[ON | 4, 60, 1], [0xB4, 64, 127], [ON | 4, 60, 0]]


def test_what_was_allowed_before_is_connected_at_once(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = open_page(script=WEB_MIDI, permissions=["midi"])
    check_advice(page, "Plug in a MIDI keyboard: it plays at once.")
    expect(page.locator("#connect-midi")).to_be_hidden()
    cables = Cables(page)
    cables.plug("Keys")
    cables.send("Keys", ON, 60, 90)
    assert daemon.wait_for_midi(1) == [[ON, 60, 90]]
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    assert daemon.wait_for_midi(2)[1:] == [[OFF, 60, 0]]


def test_a_permission_that_is_refused_can_be_given_later(open_page: OpenPage) -> None:
    page = open_page(script=WEB_MIDI)
    page.evaluate("cables.isAllowed = false")
    connect(page)
    expect(page.locator("#midi-advice")).to_contain_text("allow MIDI devices, then press the button again")
    page.evaluate("cables.isAllowed = true")
    Cables(page).plug("Keys")
    connect(page)
    check_advice(page, "Plays here: Keys")


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        ("delete Navigator.prototype.requestMIDIAccess", "This browser has no Web MIDI. Use Chrome, Edge or Firefox"),
        ("Object.defineProperty(window, 'isSecureContext', {value: false})", "http://127.0.0.1"),
    ],
    ids=["missing", "insecure"],
)
def test_a_browser_that_cannot_says_what_to_do(open_page: OpenPage, script: str, advice: str) -> None:
    page = open_page(script=script)
    expect(page.locator("#midi-advice")).to_contain_text(advice)
    expect(page.locator("#connect-midi")).to_be_hidden()
