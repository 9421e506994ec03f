"""What is lost, and what hangs, where a JACK server drops MIDI: one without `--sync`, on a busy machine.

    .venv/bin/python bench/lossy.py [--notes 1000] [--busy 1]

Such a server throws away what its clients send in a cycle for which one of them was late. Antiphon and a bare echo are
played to in turns, in phrases.

- A note is lost if no answer came to it.
- A note hangs if it sounds for longer than half a second after its own end: that is when its key was lifted for a note
  of the echo's, and when Antiphon ended it, by its recording, for one of Antiphon's. It sounds until a note-off of its
  pitch comes, or "all notes off", or it starts anew; notes are counted one by one, those in mid-phrase too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from antiphon.bench import process
from antiphon.bench.inner import TUNE
from antiphon.bench.wire import plug_in
from antiphon.midi.codec import decode, encode
from antiphon.midi.connection import SETTLE_SECONDS
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.midi.protocol import ENDS_NOTES
from antiphon.recording.midi_reader import MidiFile, read_midi_file
from antiphon.recording.session_file import Track
from antiphon.settings import read_settings

PHRASE = 24
"""Notes in a phrase."""
PACE = 0.120
"""Seconds from a note to the next: nearer ones would be a chord, or more than an answer a step, also where a busy
machine delays one of them."""
LONGEST_NOTE = 0.6
"""Seconds that an answer lasts at most: a bar, at the tempo that the bench plays in."""
PATIENCE = 0.5
"""Seconds after a note's end from which on it hangs."""
CHANNEL = 3
"""What is played is on it; another than the answers'."""
SOFTEST, NUMBERS = 64, 64
"""Velocities number the notes, so that the recording tells which ones arrived: from the softest on, so many."""
JACKD = "trap '' PIPE; jackd --no-realtime -n $0 -d dummy -r 48000 -p 64 & cat >/dev/null; kill $!; wait $!"
"""A server without `--sync`, which lives until its standard input ends."""


class Note(NamedTuple):
    """A note, or one of its sounding at the other end; times in seconds."""

    pitch: int
    start: float
    end: float


@dataclass
class Ears:
    """What came from one port: which notes sounded, as a synthesiser has it, and how often what came."""

    sounded: list[Note] = field(default_factory=list)
    came: Counter[str] = field(default_factory=Counter)
    _since: dict[tuple[int, int], float] = field(default_factory=dict)
    """Channel and pitch of each that sounds, and since when."""

    def hear(self, message: Sequence[int]) -> None:
        """Take a message. A note-off of what doesn't sound does nothing."""
        now, event = time.perf_counter(), decode(message)
        if isinstance(event, NoteOn):
            self.came["note-ons"] += 1
            self._end([(event.channel, event.pitch)], now)
            self._since[event.channel, event.pitch] = now
        elif isinstance(event, NoteOff):
            self.came["note-offs"] += 1
            self._end([(event.channel, event.pitch)], now)
        elif isinstance(event, ControlChange) and event.controller in ENDS_NOTES:
            self.came["all notes off"] += 1
            self._end([place for place in self._since if place[0] == event.channel], now)

    def end_all(self) -> None:
        """End what sounds still: it is listened to no more."""
        self._end(list(self._since), time.perf_counter())

    def _end(self, places: Iterable[tuple[int, int]], now: float) -> None:
        for place in places:
            if (since := self._since.pop(place, None)) is not None:
                self.sounded.append(Note(place[1], since, now))


class Cable:
    """A cable to a peer's input and one from its output."""

    def __init__(self, name: str) -> None:
        self.ears = Ears()
        self.pressed: list[Note] = []
        self.lost: list[int] = []
        """In each phrase."""
        self._out, self._in = plug_in("jack", name, name, self.ears.hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()
        self.ears.end_all()

    def press(self, pitch: int) -> None:
        """Send a note-on."""
        now = time.perf_counter()
        self._out.send(encode(NoteOn(pitch, SOFTEST + len(self.pressed) % NUMBERS, CHANNEL)))
        self.pressed.append(Note(pitch, now, now))

    def lift(self) -> None:
        """Send the note-off of the note that was pressed last."""
        note = self.pressed[-1]
        self._out.send(encode(NoteOff(note.pitch, CHANNEL)))
        self.pressed[-1] = note._replace(end=time.perf_counter())

    def end_phrase(self) -> None:
        """Count what was lost in it."""
        self.lost.append(len(self.pressed) - self.ears.came["note-ons"] - sum(self.lost))

    def row(self, meant: Sequence[Note]) -> dict[str, int]:
        """Return what was counted; `meant` are the notes as they were to sound."""
        late = [past_its_end(note, meant) for note in self.ears.sounded]
        return {
            "played": len(self.pressed),
            "lost": sum(self.lost),
            "hanging": sum(seconds > PATIENCE for seconds in late),
            "latest end, ms": round(1000 * max(late, default=0.0)),
            **{name: self.ears.came[name] for name in ("note-ons", "note-offs", "all notes off")},
        }


def past_its_end(sounded: Note, meant: Sequence[Note]) -> float:
    """Return for how many seconds a note sounded after its own end.

    Which one it was, its pitch and its start say: the last of that pitch that had begun by then.
    """
    ends = [note.end for note in meant if note.pitch == sounded.pitch and note.start <= sounded.start]
    return sounded.end - (ends[-1] if ends else sounded.start)


@dataclass(frozen=True)
class Recorded:
    """What Antiphon's recording says, in this process's time."""

    arrived: int
    """Notes that Antiphon heard."""
    answers: list[Note]
    """What it played."""

    @classmethod
    def of(cls, file: MidiFile, pressed: Sequence[Note]) -> Self:
        """Read it; `pressed` is what was played to Antiphon."""
        time_of = file.tempo_map.time_of
        heard = file.tracks[Track.PERFORMER].notes()
        number, start = -1, float("inf")
        for note in heard:
            number += 1 + (note.velocity - SOFTEST - number - 1) % NUMBERS
            # The recording's times count from the session's start; what came soonest tells when that was.
            start = min(start, time_of(note.start) - pressed[number].start)
        answers = file.tracks[Track.ANTIPHON].notes()
        return cls(
            len(heard), [Note(each.pitch, time_of(each.start) - start, time_of(each.end) - start) for each in answers]
        )


def play(cables: Sequence[Cable], pitches: Sequence[int]) -> None:
    """Play a phrase to all, in turns; then wait until what hangs can be told from what sounds."""
    due = time.perf_counter()
    turn = PACE / len(cables)
    for pitch in pitches:
        for cable in cables:
            _sleep_until(due)
            cable.press(pitch)
            _sleep_until(due + turn / 2)
            cable.lift()
            due += turn
    _sleep_until(due + LONGEST_NOTE + PATIENCE)
    for cable in cables:
        cable.end_phrase()


def spin() -> None:
    """Keep a core busy."""
    while True:
        pass


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep so many cores busy until the block ends."""
    context = multiprocessing.get_context("spawn")
    spinning = [context.Process(target=spin, daemon=True) for _ in range(cores)]
    for each in spinning:
        each.start()
    try:
        yield
    finally:
        for each in spinning:
            each.terminate()
            each.join()


@contextmanager
def server(name: str) -> Iterator[str]:
    """Run an asynchronous JACK server until the block ends; yield the path of what it says."""
    os.environ["JACK_DEFAULT_SERVER"] = name
    with tempfile.NamedTemporaryFile() as log:
        running = subprocess.Popen(
            ["sh", "-c", JACKD, name], stdin=subprocess.PIPE, stdout=log.fileno(), stderr=subprocess.STDOUT
        )
        try:
            wait = ["jack_wait", "--server", name, "--wait", "--timeout", "10"]
            if subprocess.run(wait, capture_output=True).returncode:
                sys.exit(f"jackd doesn't start: {Path(log.name).read_text(errors='replace')}")
            yield log.name
        finally:
            running.communicate()


@dataclass(frozen=True)
class Measured:
    """What was counted on one server."""

    late_cycles: int
    antiphon: Cable
    echo: Cable
    recorded: Recorded

    @property
    def rows(self) -> dict[str, dict[str, int]]:
        """What each peer's cables carried."""
        return {"antiphon": self.antiphon.row(self.recorded.answers), "bare echo": self.echo.row(self.echo.pressed)}

    @property
    def ways(self) -> dict[str, int]:
        """Where Antiphon's lost answers were lost."""
        arrived, answers = self.recorded.arrived, len(self.recorded.answers)
        return {
            "notes that didn't arrive": len(self.antiphon.pressed) - arrived,
            "notes not answered": arrived - answers,
            "answers that didn't come": answers - self.antiphon.ears.came["note-ons"],
        }

    @property
    def more(self) -> tuple[float, float]:
        """How many more of 1,000 notes Antiphon lost than the echo, and half of the 95 % interval, by phrases."""
        more = [ours - theirs for ours, theirs in zip(self.antiphon.lost, self.echo.lost, strict=True)]
        scale = 1000 * len(more) / len(self.antiphon.pressed)
        spread = statistics.stdev(more) if len(more) > 1 else float("inf")
        return scale * statistics.mean(more), scale * 1.96 * spread / len(more) ** 0.5


def measure(notes: int, cores: int, name: str) -> Measured:
    """Play to Antiphon and to a bare echo on a JACK server of a name."""
    model = read_settings().play.model
    with server(name) as log, tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder  # where it records
        with ExitStack() as stack:
            daemon = stack.enter_context(process.daemon("jack", model, more=["--record"]))
            echo = stack.enter_context(process.bare_echo("jack"))
            cables = [stack.enter_context(Cable(peer.name)) for peer in (daemon, echo)]
            time.sleep(SETTLE_SECONDS)
            stack.enter_context(busy(cores))
            pitches = [TUNE[number % len(TUNE)] + 3 for number in range(notes)]
            for start in range(0, len(pitches), PHRASE):
                play(cables, pitches[start : start + PHRASE])
            late = Path(log).read_text(errors="replace").count("XRun")
        (recording,) = Path(folder).rglob("*.mid")
        antiphon, bare_echo = cables
        return Measured(late, antiphon, bare_echo, Recorded.of(read_midi_file(recording), antiphon.pressed))


def main() -> None:
    """Measure, and print."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=1000, help="played to each (default 1000)")
    parser.add_argument("--busy", type=int, default=1, help="cores that are kept busy (default 1)")
    parser.add_argument("--server", default="lossy", help="name of the JACK server that is started (default lossy)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.notes, options.busy, options.server)
    more, margin = found.more
    if options.json:
        print(json.dumps({"late cycles": found.late_cycles, **found.rows, "ways": found.ways}))  # noqa: T201
        return
    late = f"{found.late_cycles:,} late cycles"
    print(f"jackd without --sync, {options.busy} of {os.cpu_count()} cores busy, {late}")  # noqa: T201
    print(" " * 10 + "".join(f"{column:>15}" for column in found.rows["antiphon"]))  # noqa: T201
    for peer, row in found.rows.items():
        print(f"{peer:10}" + "".join(f"{count:15,}" for count in row.values()))  # noqa: T201
    print("Antiphon's: " + ", ".join(f"{count:,} {way}" for way, count in found.ways.items()))  # noqa: T201
    print(f"of 1,000 notes Antiphon lost {more:+.1f} ± {margin:.1f} more than the echo (95 %, by phrases)")  # noqa: T201


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.perf_counter()))


if __name__ == "__main__":
    main()
