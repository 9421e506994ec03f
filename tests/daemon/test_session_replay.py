"""A whole session in virtual time, as the live shell drives it: what is recorded renders to the very same messages."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from antiphon.improviser.input.controls import check_control, parse_table
from antiphon.improviser.input.translator import Translator
from antiphon.live.inbox import Arrival, Asked, Inbox, Stop
from antiphon.live.performance import Performance
from antiphon.live.recording_switch import header_of
from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn, Packet
from antiphon.musician import Musician, load_musician
from antiphon.offline.rendering import render_session
from antiphon.parameters import CONTROLS, MODES, Mode
from antiphon.recording.entries import Command, LinkHeard, PortLost, Press, Received, Set
from antiphon.recording.recorder import Recorder
from antiphon.recording.session_file import read_session
from antiphon.settings import read_settings, session_settings
from tests.daemon.players import command
from tests.daemon.tunes import ODE_IN_E_FLAT, events

TAKING_TURNS = [mode for mode in MODES if mode != "accompany"]
"""Modes that answer any phrase; an accompaniment waits for a key."""
Script = list[tuple[float, list[int] | Command | None]]
"""Seconds and messages, or what came by no port; None ends the session."""


class VirtualInbox(Inbox):
    """Holds a script, and a clock that stands wherever the shell has waited to."""

    def __init__(self, script: Script) -> None:
        super().__init__(0.0)
        self._script = iter(script)
        self._next = next(self._script)
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait(self, until: float | None) -> Arrival | None:
        moment, message = self._next
        if until is not None and until < moment:
            self._now = max(self._now, until)
            return None
        self._now = max(self._now, moment)
        self._next = next(self._script, (moment, None))
        if message is None:
            return Stop(self._now)
        if isinstance(message, list):
            return Packet(self._now, bytes(message), decode(message))
        return Asked(self._now, message)


class Collected:
    """An output that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, packet: Packet) -> None:
        self.sent.append(packet.data)

    def repeat(self, now: float) -> None:
        pass

    def end_notes(self) -> None:
        pass


def phrase(chance: random.Random, start: float) -> Iterator[tuple[float, list[int]]]:
    for _ in range(chance.randint(1, 8)):
        pitch, seconds = chance.choice([60, 62, 64, 65, 67, 69, 71, 72]), chance.choice([0.25, 0.5, 1.0])
        seconds *= chance.uniform(0.95, 1.05)
        yield start, [0x90, pitch, chance.randint(30, 110)]
        yield start + 0.9 * seconds, [0x80, pitch, 0]
        start += seconds


def script(chance: random.Random, clock: bool) -> Script:
    """Phrases with silences, controls and the pedal between them; and a sequencer's clock, which is stopped."""
    came: Script = []
    now = 0.3
    for _ in range(4):
        came += phrase(chance, now)
        now = came[-1][0] + 0.1
        came.append((now, [0xB0, chance.choice([21, 22, 23, 24, 25, 66]), chance.choice([0, 64, 127])]))
        came += [(now, [0xB0, 64, 127]), (now + 1, [0xB0, 64, 0])] if chance.random() < 0.3 else []
        now += chance.choice([0.5, 2, 5])
    end = now + chance.choice([0, 3])
    if clock:
        came += [(0.5, [0xFA]), (end - 0.5, [0xFC])]
        came += [(0.5 + i * 0.02 + chance.uniform(0, 0.002), [0xF8]) for i in range(int((end - 0.5) / 0.02))]
    return [*sorted(came, key=lambda pair: pair[0]), (end, None)]


@pytest.mark.parametrize("mode", TAKING_TURNS)
@pytest.mark.parametrize("sync", ["fixed", "clock", "auto"])
def test_a_recorded_session_renders_to_what_was_played_and_ends_where_it_ended(
    tmp_path: Path, mode: Mode, sync: str
) -> None:
    for seed in range(2):
        settings = read_settings(
            None, {"play": {"candidates": 4, "seed": seed, "mode": mode, "sync": sync, "when": ["now", "onset"][seed]}}
        )
        musician = load_musician(settings)
        check_replay(tmp_path, musician, script(random.Random(seed), sync == "clock"))  # noqa: S311


def check_replay(folder: Path, musician: Musician, came: Script, steers: Iterable[tuple[float, Command]] = ()) -> None:
    """Play a session, steered on a page too, and let the recording be rendered: the messages are the same."""
    play = musician.settings.play
    recorder = Recorder(folder, header_of(musician), play.bpm, print)
    translator = Translator(parse_table(musician.settings.controls), play.mode, play.accompaniment)
    output = Collected()
    Performance(
        musician.improviser(play.bpm, 0.0, play.channel),
        VirtualInbox(sorted([*came, *steers], key=lambda pair: pair[0])),
        translator,
        output,
        recorder,
    ).play()
    path = recorder.close()
    assert path is not None
    session = read_session(path)
    assert session.header is not None
    duet = render_session(load_musician(session_settings(session.header, {})), session, print)
    assert output.sent
    assert [encode(timed.message) for timed in duet.answer] == output.sent


@pytest.mark.parametrize("sync", ["fixed", "clock", "auto"])
def test_an_accompanied_session_renders_to_what_was_played(tmp_path: Path, sync: str) -> None:
    chance = random.Random(7)  # noqa: S311
    sections = {
        "play": {"seed": 1, "mode": "accompany", "sync": sync, "bpm": 120.0},
        "metronome": {"on": sync == "fixed"},
        "controls": {"accompaniment": "cc 9"},
    }
    musician = load_musician(read_settings(None, sections))
    came: Script = []
    for time, event in events([*ODE_IN_E_FLAT, *ODE_IN_E_FLAT], 120):
        # With the metronome a bar is counted in.
        came.append((2.0 + time + chance.gauss(0, 0.01), list(encode(event))))
    came += [(6.0, [0xFA]), (30.0, [0xFC])] if sync == "clock" else []
    came += [(6.0 + pulse / 48, [0xF8]) for pulse in range(24 * 48)] if sync == "clock" else []
    came += [(11.0, [0xB0, 9, 0]), (20.0, [0xB0, 9, 127])]
    came.sort(key=lambda pair: pair[0])
    steers = [(15.0, Set("bpm", 121.0)), (22.3, PortLost("the piano is gone")), (26.0, Press("panic"))]
    check_replay(tmp_path, musician, [*came, (36.0, None)], steers)


def test_a_knob_of_a_session_from_before_it_accompanied_means_what_it_meant(tmp_path: Path) -> None:
    musician = load_musician(read_settings(None, {"play": {"seed": 1, "candidates": 4}}))
    header = header_of(musician)
    for name in ("accompaniment", "accompaniment_channel"):
        del header["settings"]["play"][name]
    recorder = Recorder(tmp_path, header, 100.0, print)
    events_of = [(0.1, NoteOn(60, 80, 1)), (0.5, NoteOff(60, 1)), (0.7, ControlChange(25, 127, 1))]
    for time, event in events_of:
        recorder.add(time, Received(encode(event), event))
    session = read_session(recorder.close() or tmp_path)
    duet = render_session(load_musician(session_settings(session.header or {}, {})), replace(session, end=9.0), print)
    assert [timed for timed in duet.answer if timed.time > 1]  # it goes on


def session_of_link(chance: random.Random, end: float) -> Iterator[tuple[float, Command]]:
    """A session that others join, in which they change the tempo and start and stop, and of whose clock news comes."""
    time, bpm, beat, peers, is_playing = 0.2, 100.0, 0.0, 0, False
    while time < end:
        yield time, LinkHeard(bpm, time - chance.uniform(0, 0.01), beat, is_playing, peers)
        gap = chance.uniform(0.2, 3)
        time, beat = time + gap, beat + gap * bpm / 60 + chance.gauss(0, 0.001)
        bpm = chance.choice([bpm, bpm, chance.uniform(60, 180)])
        is_playing = chance.random() < (0.9 if is_playing else 0.3)
        peers = chance.choice([1, 1, 1, 2, 0])


@pytest.mark.parametrize("mode", TAKING_TURNS)
@pytest.mark.parametrize("leads", [False, True])
def test_a_session_that_followed_link_renders_to_what_was_played(tmp_path: Path, mode: Mode, leads: bool) -> None:
    for seed in range(2):
        chance = random.Random(seed)  # noqa: S311
        play = {"candidates": 4, "seed": seed, "mode": mode, "sync": "link", "leads": leads}
        musician = load_musician(read_settings(None, {"play": {**play, "clock_offset_ms": -8.0}}))
        came = script(chance, clock=False)
        taps: list[tuple[float, Command]] = [(start, Press("tap")) for start in (4.0, 4.6, 5.2)]
        check_replay(tmp_path, musician, came, [*session_of_link(chance, came[-1][0]), *taps, (6.0, Set("bpm", 91.0))])


def steering(chance: random.Random, end: float) -> Iterator[tuple[float, Command]]:
    """Everything that a page can steer, again and again."""
    names = ["temperature", "density", "feel", "lowest", "highest", "mute", "hold", "answer", "tap", "mode", "panic"]
    time = 0.1
    while time < end:
        knob = check_control(chance.choice(names))
        share = chance.random() * (0.3 if knob in ("lowest", "mute") else 1)
        yield time, command(knob, CONTROLS[knob].at(share))
        yield time + 0.7, Set("bpm", chance.uniform(60, 180))
        yield time + 1.1, Set("sync", chance.choice(["fixed", "fixed", "auto", "clock", "link"]))
        yield time + 1.5, Set("swing", chance.choice(["auto", "50", "62", "67"]))
        yield time + 1.6, Set("key", chance.choice(["auto", "Eb", "C", "F#"]))
        yield time + 1.7, Set("temperature", chance.uniform(0.1, 10.0))
        time += chance.uniform(1.8, 4)


@pytest.mark.parametrize("mode", TAKING_TURNS)
@pytest.mark.parametrize("key", ["auto", "Eb"])
def test_a_session_that_was_steered_from_the_page_renders_to_what_was_played(
    tmp_path: Path, mode: Mode, key: str
) -> None:
    for seed in range(2):
        chance = random.Random(seed)  # noqa: S311
        when = ["now", "onset"][seed]
        play = {"candidates": 4, "seed": seed, "mode": mode, "key": key, "when": when}
        musician = load_musician(read_settings(None, {"play": play}))
        came = script(chance, clock=True)
        check_replay(tmp_path, musician, came, steering(chance, came[-1][0]))


def test_a_pad_goes_on_from_what_the_page_has_chosen_in_the_replay_too(tmp_path: Path) -> None:
    play = {"candidates": 4, "seed": 1}
    musician = load_musician(read_settings(None, {"play": play, "controls": {"mode": "note 36 channel 10"}}))
    chance = random.Random(5)  # noqa: S311
    notes = [pair for start in (1.0, 9.0, 17.0) for pair in phrase(chance, start)]
    pads: Script = [(8.0, [0x99, 36, 100]), (8.1, [0x89, 36, 0])]
    came: Script = sorted([*notes, *pads], key=lambda pair: pair[0])
    check_replay(tmp_path, musician, [*came, (30.0, None)], [(0.5, Set("mode", "call-response"))])


@pytest.mark.parametrize("mode", TAKING_TURNS)
def test_a_session_whose_port_was_lost_renders_to_what_was_played(tmp_path: Path, mode: Mode) -> None:
    musician = load_musician(read_settings(None, {"play": {"candidates": 4, "seed": 1, "mode": mode}}))
    came = script(random.Random(3), clock=False)  # noqa: S311
    check_replay(tmp_path, musician, came, [(came[-1][0] / 2, PortLost("the piano is gone")), (2.0, PortLost("again"))])
