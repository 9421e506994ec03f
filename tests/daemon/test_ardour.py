"""A real DAW, without its window, on real JACK ports: Ardour, connected as docs/daw.md says, and its MIDI clock."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Condition
from typing import Self

import pytest

from antiphon.midi.backends import load_backend
from antiphon.midi.messages import NoteOff, NoteOn
from tests.conftest import running_jack
from tests.daemon.live import (
    PATIENCE,
    Heard,
    Keyboard,
    check_renders_again,
    daemon,
    environment,
    events_of,
    full_name,
    notes,
    ons,
    recorded,
    sounding,
)
from tests.daemon.tunes import ODE_IN_E_FLAT

ARDOUR = next(filter(None, map(shutil.which, ("ardour7-lua", "ardour8-lua", "ardour-lua"))), None)
CLOCK_PORT = "ardour:MIDI Clock out"
PAGE = Path(__file__).parents[2] / "docs" / "daw.md"
BPM = 96.0
"""Ardour's; the daemon is told another."""
PERIOD = 256
"""Frames that JACK hands over at a time: with the 64 of the other tests, a busy machine makes Ardour stumble."""
ATTEMPTS, STARTS = 3, 10
STUMBLE = 1.5
"""Pulses between two of Ardour's, from where the daemon takes one for lost."""
BEAT = 24
STEP = BEAT // 4
BAR = 4 * BEAT
"""In pulses."""
CALL = [pitch for pitch, _ in ODE_IN_E_FLAT[:4]]
CALL_BEGINS = BAR + BEAT
"""On the second beat of the second bar."""
PULSE, START, STOP = 0xF8, 0xFA, 0xFC

pytestmark = pytest.mark.skipif(
    ARDOUR is None, reason="Ardour is missing; run: sudo apt-get install -y --no-install-recommends ardour"
)


class Ears:
    """Hears the clock as the daemon does, and knows where in the song each moment was."""

    def __init__(self) -> None:
        self._in = load_backend().input("jack", "Ears", self._receive)
        self._came = Condition()
        self.pulses: list[float] = []
        """When each pulse since the start came, by `time.monotonic()`."""
        self._in.open(full_name(self._in.ports(), CLOCK_PORT), "clock")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()

    def _receive(self, message: Sequence[int]) -> None:
        now = time.monotonic()
        with self._came:
            if message[0] == START:
                self.pulses.clear()
            elif message[0] == PULSE:
                self.pulses.append(now)
            self._came.notify_all()

    def wait_for(self, pulse: int) -> None:
        """Wait for a pulse of the song; the first is 0."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.pulses) > pulse, PATIENCE + pulse * 60 / BPM / BEAT)

    def pulse_at(self, moment: float) -> float:
        """Return where in the song, in pulses, a moment was, between the pulse before it and the one after."""
        after = next(i for i, time in enumerate(self.pulses) if time > moment)
        before = self.pulses[after - 1]
        return after - 1 + (moment - before) / (self.pulses[after] - before)

    def longest_gap(self) -> float:
        """Return the longest time between two pulses, in pulses of Ardour's tempo."""
        return max(later - earlier for earlier, later in pairwise(self.pulses)) * BPM / 60 * BEAT


class Ardour:
    """The running script `ardour_clock.lua`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def is_ready(self) -> bool:
        """Wait until its session is there, and return whether JACK shows its ports."""
        if not self._says("ready"):
            return False
        return CLOCK_PORT in subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout

    def roll(self) -> None:
        self._tell()
        assert self._says("rolls")

    def stop(self) -> None:
        self._tell()
        assert self._says("stopped")

    def _tell(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _says(self, word: str) -> bool:
        """Wait for a word; False if it ended without saying it."""
        assert self._process.stdout is not None
        return any(line.strip() == word for line in self._process.stdout)


@contextmanager
def ardour(folder: Path) -> Iterator[Ardour]:
    """Start JACK and on it Ardour with a new session in a folder; its transport stands."""
    for number in range(STARTS):
        with running_jack(PERIOD), _ardour(folder / f"session {number}") as started:
            if started.is_ready():
                yield started
                return
        # Two of its threads asked JACK for something at the same moment, which JACK doesn't bear.
    pytest.fail(f"Ardour didn't get its ports in {STARTS} attempts")


@contextmanager
def _ardour(folder: Path) -> Iterator[Ardour]:
    script = Path(__file__).with_name("ardour_clock.lua")
    process = subprocess.Popen(
        [str(ARDOUR), script, folder, str(BPM)],
        env={**environment(folder.parent), "HOME": str(folder.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Ardour(process)
    finally:
        process.kill()
        process.wait()


def play_call(pianist: Keyboard, ears: Ears) -> None:
    """Play a note on each beat, as the pulses say where it is."""
    for beat, pitch in enumerate(CALL):
        ears.wait_for(CALL_BEGINS + beat * BEAT)
        pianist.press(NoteOn(pitch, 80, 1))
        ears.wait_for(CALL_BEGINS + beat * BEAT + BEAT - 3)
        pianist.press(NoteOff(pitch, 1))


def as_the_page_says() -> list[str]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("jack_connect")]
    assert len(lines) == 3
    return lines


def attempt(folder: Path) -> tuple[Ears, list[Heard]]:
    """Start everything, play a call, and stop the transport in the middle of the answer."""
    folder.mkdir()
    (folder / "config.toml").write_text("[play]\nshortest_answer = 4\nlongest_rest = 0\n")
    options = ("--sync", "clock", "--mode", "call-response", "--seed", "3", "--channel", "2")
    with (
        ardour(folder) as sequencer,
        daemon(*options, cwd=folder) as running,
        Keyboard("Pianist", plays_to="You/midi_in", listens_to="Antiphon/midi_out") as pianist,
        Ears() as ears,
    ):
        for line in as_the_page_says():
            subprocess.run(shlex.split(line), check=True)
        sequencer.roll()
        play_call(pianist, ears)
        answer = pianist.hear_until(lambda came: len(ons(came)) >= 4)
        ears.wait_for(len(ears.pulses))
        sequencer.stop()
        answer += pianist.hear_until(lambda came: not sounding([*events_of(answer), *came]))
        assert not ons(pianist.hear_out())
        running.stop()
    return ears, answer


def test_the_answer_comes_on_ardours_beat_and_ends_with_its_transport(tmp_path: Path) -> None:
    for number in range(ATTEMPTS):
        folder = tmp_path / str(number)
        ears, answer = attempt(folder)
        # A clock that stumbles, because this machine is too busy, is no test of who follows it.
        if (gap := ears.longest_gap()) < STUMBLE:
            break
    else:
        pytest.skip(f"this machine is too busy: Ardour's own clock had gaps of {gap:.1f} pulses")
    places = [ears.pulse_at(each.time) for each in answer if isinstance(each.event, NoteOn)]
    assert all(abs(place - round(place / STEP) * STEP) <= STEP / 4 for place in places), places
    assert round(places[0] / STEP) * STEP == CALL_BEGINS + 2 * BAR
    assert len(notes(recorded(folder), "Antiphon")) == len(places)
    check_renders_again(folder)
