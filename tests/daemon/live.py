"""The daemon as a process, a pianist on JACK ports beside it, and what a session's recording says of both."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Self

import mido
import pytest

from antiphon.improviser.events import Event
from antiphon.live.priority import REALTIME_PRIORITY
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import decode, encode
from antiphon.midi.connection import SETTLE_SECONDS
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.midi.protocol import ALL_NOTES_OFF
from antiphon.midi.sent_notes import REPEAT_SECONDS
from antiphon.recording.tempo_map import TICKS_PER_BEAT
from tests.daemon.tunes import ODE_IN_E_FLAT, Tune, events

BPM = 120.0
"""A step is 125 ms: a busy machine may be late by half of that before it plays another rhythm."""
PHRASE = ODE_IN_E_FLAT[:15]
PATIENCE = 20.0
"""Seconds after which something that must come never will."""
QUIET = 2.5
"""Seconds without a message that are silence: a machine that stands still for so long can't be tested on."""
BACKENDS = pytest.mark.parametrize(
    "backend",
    [
        pytest.param(name, marks=pytest.mark.skipif(not find_spec(module), reason=f"{name} isn't installed"))
        for name, module in (("python-rtmidi", "rtmidi"), ("supriya-midi", "supriya_midi"))
    ],
)
"""Both MIDI backends, as far as this Python has them; a process chooses one by ANTIPHON_MIDI."""
BEAT = TICKS_PER_BEAT
STEP_TICKS = BEAT // 4


class Heard(NamedTuple):
    """What came out of the daemon, and when, by `time.monotonic()`."""

    time: float
    event: Event | None


@contextmanager
def punctual() -> Iterator[None]:
    """Let this thread come before whatever else the machine does, where that is granted: a pianist plays on time."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(REALTIME_PRIORITY))
    except (AttributeError, OSError):
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


REPEATS = 2
"""Times that a note-off is sent again, at most."""


class Repeats:
    """Tells what is sent again, and changes nothing for a synthesiser that has heard it the first time."""

    def __init__(self) -> None:
        self._ended: dict[tuple[int, int], int] = {}
        """Channel and pitch of notes that have ended, and how many more note-offs may come."""
        self._sounding: set[tuple[int, int]] = set()
        self._last: dict[int, float] = {}

    def has(self, heard: Heard) -> bool:
        """Return whether it is a note's second or third note-off, or "all notes off" well after the last note's end."""
        event = heard.event
        if isinstance(event, ControlChange) and event.controller == ALL_NOTES_OFF:
            silent = all(channel != event.channel for channel, _ in self._sounding)
            return silent and heard.time - self._last.get(event.channel, heard.time) > REPEAT_SECONDS / 2
        if not isinstance(event, NoteOn | NoteOff):
            return False
        place = (event.channel, event.pitch)
        if isinstance(event, NoteOff) and place in self._ended:
            self._ended[place] -= 1
            if not self._ended[place]:
                del self._ended[place]  # a fourth one is none
            return True
        if (
            isinstance(event, NoteOn) or event.channel in self._last
        ):  # where nothing has sounded, nothing was sent again
            self._last[event.channel] = heard.time
        if isinstance(event, NoteOn):
            self._ended.pop(place, None)
            self._sounding.add(place)
        else:
            self._ended[place] = REPEATS
            self._sounding.discard(place)
        return False


class Keyboard:
    """A pianist with a cable to the daemon's input and one from its output."""

    def __init__(self, name: str, plays_to: str = "", listens_to: str = "") -> None:
        """Plug the cables into the ports of the daemon `name`, or into others: a part of each one's name."""
        backend = load_backend()
        self._begin_to_hear()
        self._out = backend.output("jack", f"{name} keys")
        self._in = backend.input("jack", f"{name} ears", self._receive)
        self._out.open(full_name(self._out.ports(), plays_to or f"{name} in"), "keys")
        self._in.open(full_name(self._in.ports(), listens_to or f"{name} out"), "ears")
        time.sleep(
            SETTLE_SECONDS
        )  # a connection is there from one of JACK's next cycles on, and nothing says from which

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()

    def _begin_to_hear(self) -> None:
        self._queue: SimpleQueue[Heard] = SimpleQueue()
        self.repeats: SimpleQueue[Heard] = SimpleQueue()
        """What is sent as wires lose messages: a note's second and third note-off, "all notes off" after silence."""
        self._wire = Repeats()

    def _receive(self, message: Sequence[int]) -> None:
        heard = Heard(time.monotonic(), decode(message))
        (self.repeats if self._wire.has(heard) else self._queue).put(heard)

    def play(self, tune: Tune, bpm: float = BPM, start: float | None = None) -> None:
        """Play a tune, from `start` on (by `time.monotonic()`) or from now."""
        with punctual():
            start = time.monotonic() if start is None else start
            for due, event in events(tune, bpm):
                time.sleep(max(0.0, start + due - time.monotonic()))  # a performance takes its time
                self.press(event)

    def press(self, event: NoteOn | NoteOff) -> None:
        self.send(*encode(event))

    def send(self, *message: int) -> None:
        self._out.send(bytes(message))

    def hear(self, count: int) -> list[Event | None]:
        """Wait for so many messages."""
        return events_of(self.hear_until(lambda came: len(came) >= count))

    def hear_until(self, done: Callable[[list[Event | None]], bool]) -> list[Heard]:
        """Wait until what came since this call is enough."""
        came: list[Heard] = []
        while not done([each.event for each in came]):
            try:
                came.append(self._queue.get(timeout=PATIENCE))
            except Empty:
                pytest.fail(f"nothing more came after {came}")
        return came

    def hear_out(self, seconds: float = QUIET) -> list[Heard]:
        """Return what comes until silence has lasted for so many seconds."""
        came: list[Heard] = []
        while True:
            try:
                came.append(self._queue.get(timeout=seconds))
            except Empty:
                return came

    def heard(self) -> list[Heard]:
        """Return what has come already."""
        return self.hear_out(0.0)


def full_name(ports: list[str], part: str) -> str:
    return next(name for name in ports if part in name)


class Daemon:
    """A running daemon; what it says is read all the time."""

    def __init__(self, process: subprocess.Popen[str], cwd: Path) -> None:
        self.process = process
        self.cwd = cwd
        self.said: list[str] = []
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, part: str) -> None:
        """Wait until it says a line with this in it."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except Empty:
                pytest.fail(f"it never said {part!r}, only {self.said}")
            if line is None:
                pytest.fail(f"it ended without a word of {part!r}: {self.said} {self.errors()}")
            self.said.append(line)
            if part in line:
                return

    def errors(self) -> str:
        return self.process.stderr.read() if self.process.stderr else ""

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal, and wait until it has ended well; `said` then holds all that it said."""
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE) == 0, self.errors()
        self._reader.join(PATIENCE)
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.said.append(line)
        errors = self.errors()
        assert "Traceback" not in errors and "leaked" not in errors, errors


@contextmanager
def daemon(*options: str, cwd: Path, before: Sequence[str] = ()) -> Iterator[Daemon]:
    """Start the daemon in a folder, with what it keeps in there too, and wait until it says that it plays.

    `before` stands before its command line: what starts it elsewhere.
    """
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "antiphon", "run", "--no-stage", "--api", "jack", "--bpm", str(BPM), *options],
        cwd=cwd,
        env=environment(cwd),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        started = Daemon(process, cwd)
        started.wait_for("Ctrl-C")
        yield started
    finally:
        process.kill()
        process.wait()


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which settings and recordings are a folder's own."""
    return {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}


def antiphon(*arguments: str | Path, cwd: Path) -> str:
    """Run another command of Antiphon beside the daemon, and return what it printed."""
    done = run_antiphon(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_antiphon(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run another command of Antiphon beside the daemon."""
    command = [sys.executable, "-m", "antiphon", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(cwd), capture_output=True, text=True, check=False)


# What is heard


def ons(came: Sequence[Event | None] | Sequence[Heard]) -> list[NoteOn]:
    """Return the note-ons among what came."""
    return [event for event in map(_event, came) if isinstance(event, NoteOn)]


def sounding(came: Sequence[Event | None] | Sequence[Heard]) -> list[tuple[int, int]]:
    """Return the channels and pitches that sound after what came, in which no note starts or ends twice."""
    on: list[tuple[int, int]] = []
    for event in map(_event, came):
        if isinstance(event, NoteOn):
            assert (event.channel, event.pitch) not in on
            on.append((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            on.remove((event.channel, event.pitch))
    return on


def events_of(came: Sequence[Heard]) -> list[Event | None]:
    """Return what came without its times."""
    return [each.event for each in came]


def _event(each: Event | Heard | None) -> Event | None:
    return each.event if isinstance(each, Heard) else each


# What is recorded


class Note(NamedTuple):
    """A note on a track: where it starts and ends, in ticks of a recording."""

    start: int
    end: int
    pitch: int


def sessions(cwd: Path) -> list[dict[str, Any]]:
    """Return what `antiphon sessions --json` lists."""
    return [json.loads(line) for line in antiphon("sessions", "--json", cwd=cwd).splitlines()]


def recorded(cwd: Path) -> Path:
    """Return the file of the one session that is listed."""
    (session,) = sessions(cwd)
    return Path(session["path"])


def notes(path: Path, track: str) -> list[Note]:
    """Return the notes on a track of a MIDI file; each must have ended."""
    file = mido.MidiFile(path)
    (messages,) = [each for each in file.tracks if each.name == track]
    found, began, tick = [], {}, 0
    for message in messages:
        tick += message.time
        at = tick * TICKS_PER_BEAT // file.ticks_per_beat
        if message.type == "note_on" and message.velocity:
            began[message.channel, message.note] = at
        elif message.type in ("note_on", "note_off"):
            found.append(Note(began.pop((message.channel, message.note)), at, message.note))
    assert not began
    return sorted(found)


def check_renders_again(cwd: Path) -> None:
    """Check that the session's recording renders to the very notes that were played."""
    session = recorded(cwd)
    antiphon("render", session, "again.mid", cwd=cwd)
    played = notes(session, "Antiphon")
    assert played
    assert notes(cwd / "again.mid", "Antiphon") == played
