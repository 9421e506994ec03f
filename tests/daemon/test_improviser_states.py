"""Whatever is played, turned, said by a sequencer or left out, in whatever settings: the improviser keeps its promises.

They stand in `tests.soak.witness`: every note-on one note-off, no pitch twice on a channel, nothing out of range, time
that never runs backwards and is never ahead, the same for the same seed, prepared or not, looked at or not, woken or
not, and a bounded state.
"""

from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import KeyLock, SwingChange, SyncChange, TempoChange
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.tempo.link_session import LinkTimeline
from antiphon.melody.keys import SIGNATURES
from antiphon.melody.metre import TimeSignature
from antiphon.midi.codec import decode
from antiphon.midi.messages import (
    ClockContinue,
    ClockPulse,
    ClockStart,
    ClockStop,
    ControlChange,
    NoteOff,
    NoteOn,
    ProgramChange,
    SongPosition,
)
from antiphon.parameters import CONTROLS, MODES
from tests.daemon.players import STEP
from tests.soak import virtual
from tests.soak.chance import DAY, Performer
from tests.soak.setup import CHANNEL, PLAYING_MODELS, THRU_CHANNEL, Setup
from tests.soak.witness import Witness, size

EVENTS = 50_000
"""That hypothesis plays at least; in how many performances depends on which modules it finds loaded."""
PERFORMANCES, ACTIONS = 40, 50
"""In a round, and in a performance at most: from a note to a phrase, two beats of clock, or a flood."""
RANDOM_EVENTS, SEEDS = 125_000, range(1, 9)
"""Of the seeded soak, besides, with each of the seeds; docs/reliability.md has the figures of a long one."""

pitches = st.integers(0, 127)
channels = st.sampled_from([1, 1, 1, 2, 3, 10, 16])
values = st.integers(0, 127)
gaps = st.sampled_from([0.0, 1e-9, 0.001, 0.02, 0.0301, 0.05, STEP, 4 * STEP, 3.0, 30.0]) | st.floats(0, 2)
styles = st.builds(
    Style,
    temperature=st.sampled_from([0.0, 0.1, 0.9, 10.0]),
    density=st.sampled_from([0.0, 0.5, 1.0]),
    swing=st.sampled_from([None, 0.5, 0.67]),
    feel=st.sampled_from([0.0, 1.0]),
    harmony=st.sampled_from([0.0, 0.5, 1.0]),
    accompaniment=st.sampled_from(["chords", "bass", "both"]),
    form=st.booleans(),
    memory=st.sampled_from([0.0, 0.5, 1.0]),
    octave=st.integers(-4, 4),
    constraints=st.builds(
        Constraints, pitches, pitches, st.booleans(), longest_rest=st.integers(0, 16), repetitions=st.integers(1, 8)
    ),
    shortest=st.integers(1, 3),
    longest=st.integers(3, 5),
    candidates=st.integers(1, 3),
)
hands = st.builds(
    InputRouting,
    channel=st.sampled_from([0, 0, 1]),
    split=st.sampled_from([0, 60]) | pitches,
    left_hand=st.sampled_from(["heard", "passed", "ignored"]),
    thru=st.booleans(),
    thru_channel=st.just(THRU_CHANNEL),
)
setups = st.builds(
    Setup,
    seed=st.integers(0, 1 << 32),
    mode=st.sampled_from(MODES),
    when=st.sampled_from(["now", "onset"]),
    sync=st.sampled_from(["fixed", "clock", "auto", "link"]),
    bpm=st.floats(20, 400),
    metre=st.builds(TimeSignature, st.integers(1, 24), st.sampled_from([4, 8, 16, 16])),
    phrase_silence=st.sampled_from([2.0, 0.001, 7.5]),
    style=styles,
    hands=hands,
    click=st.booleans(),
    signatures=st.sampled_from([SIGNATURES, (0,), (-5,), (6,)]),
    voice=st.sampled_from([0, 0, 1]),
)
transports = st.sampled_from([ClockStart(), ClockStart(), ClockContinue(), ClockStop()])
positions = st.builds(SongPosition, st.sampled_from([0, 1, 16, (1 << 14) - 1, 1 << 40]))
tempi = st.builds(TempoChange, st.floats(20, 400) | st.sampled_from([1e-300, 1e300]))
syncs = st.builds(SyncChange, st.sampled_from(["fixed", "clock", "auto", "link"]))
swings = st.builds(SwingChange, st.sampled_from([None, 0.5, 0.6, 0.67]))
locks = st.builds(KeyLock, st.sampled_from([None, None, *SIGNATURES]))
controllers = st.builds(ControlChange, st.sampled_from([64, 64, 1, 7, 120, 123, 127]), values, channels)
expressions = st.tuples(st.integers(0xA0, 0xAF) | st.integers(0xE0, 0xEF), values, values).map(decode)
programs = st.builds(ProgramChange, values, channels)
steered = st.builds(
    lambda name, share: Control(name, CONTROLS[name].at(share)),
    st.sampled_from(list(CONTROLS)),
    st.sampled_from([0.0, 0.4, 0.5, 1.0]) | st.floats(0, 1),
)


class AnyPerformance(RuleBasedStateMachine):
    """A performance of one improviser, with its witness."""

    witness: Witness
    time = 0.0
    played = 0
    """Events, in all performances."""

    @initialize(setup=setups, start=st.sampled_from([0.0, 0.0, -3.0, 100.0]))
    def sit_down(self, setup: Setup, start: float) -> None:
        self.witness = Witness(setup)
        self.setup = setup
        self.time = start

    @rule(gap=gaps, pitch=pitches, velocity=st.integers(1, 127), channel=channels)
    def strike(self, gap: float, pitch: int, velocity: int, channel: int) -> None:
        self._play(gap, NoteOn(pitch, velocity, channel))

    @rule(gap=gaps, pitch=pitches, channel=channels)
    def release(self, gap: float, pitch: int, channel: int) -> None:
        self._play(gap, NoteOff(pitch, channel))

    @rule(beats=st.lists(st.tuples(st.integers(55, 80), st.sampled_from([0.5, 1.0, 2.0])), min_size=2, max_size=6))
    def play_a_phrase(self, beats: list[tuple[int, float]]) -> None:
        for pitch, length in beats:
            self._play(0.0, NoteOn(pitch, 80, 1))
            self._play(length * 4 * STEP, NoteOff(pitch, 1))

    @rule(chord=st.sets(pitches, min_size=2, max_size=5))
    def play_a_chord(self, chord: set[int]) -> None:
        for pitch in chord:
            self._play(0.003, NoteOn(pitch, 90, 1))
        for pitch in chord:
            self._play(0.01, NoteOff(pitch, 1))

    @rule(gap=gaps, event=tempi | syncs | locks | swings)
    def choose_a_tempo_or_a_key(self, gap: float, event: Any) -> None:
        self._play(gap, event)

    @rule(gap=gaps, event=transports | positions | controllers | expressions | programs | steered)
    def turn_something(self, gap: float, event: Any) -> None:
        self._play(gap, event)

    @rule(interval=st.sampled_from([0.0, 0.0005, 0.0208, 0.02083, 0.6]) | st.floats(0, 0.2), count=st.integers(1, 48))
    def pulses_come(self, interval: float, count: int) -> None:
        for _ in range(count):
            self._play(interval, ClockPulse())

    @rule(
        gap=gaps,
        bpm=st.floats(20, 999),
        ago=st.sampled_from([0.0, 0.001, -0.5, 1e6]),
        beat=st.sampled_from([0.0, 0.01, -7.3, 1e9]) | st.floats(-100, 100),
        is_playing=st.booleans(),
        peers=st.sampled_from([0, 1, 1, 5]),
    )
    def link_tells(self, gap: float, bpm: float, ago: float, beat: float, is_playing: bool, peers: int) -> None:
        self._play(gap, LinkTimeline(bpm, self.time + gap - ago, beat, is_playing, peers))

    @rule(gap=st.sampled_from([0.0, 0.005, 0.049, 0.051]), on=st.booleans())
    def an_own_note_comes_back(self, gap: float, on: bool) -> None:
        own = self.witness.last_own
        if own is not None:
            self._play(gap, own if on else NoteOff(own.pitch, CHANNEL))

    @rule(seed=st.integers(0, 1 << 32), count=st.integers(1, 200))
    def a_child_bangs_about(self, seed: int, count: int) -> None:
        performer = Performer(Random(seed), self.witness, self.setup.bpm)  # noqa: S311  no secrets here
        performer.time = self.time
        for _ in range(count):
            performer.step()
        AnyPerformance.played += count
        self.time = performer.time

    @rule(gap=gaps)
    def wait(self, gap: float) -> None:
        self.time += gap
        self.witness.wait(self.time)

    @rule(gap=gaps)
    def oversleep(self, gap: float) -> None:
        self.time += gap
        self.witness.advance(self.time)

    @precondition(lambda self: self.witness.player.mode != "continue" and not self.setup.click)
    @rule()
    def a_day_passes(self) -> None:
        self.time += DAY
        self.witness.wait(self.time)

    @rule(steps=st.integers(1, 200))
    def prepare(self, steps: int) -> None:
        self.witness.prepare(steps)

    @rule(steps=st.integers(0, 20))
    def look(self, steps: int) -> None:
        self.witness.look(steps)

    @rule(back=st.sampled_from([1e-9, 0.1, 1e6]))
    def the_clock_of_the_port_steps_back(self, back: float) -> None:
        self.witness.receive(self.time - back, NoteOn(64, 64, 1))

    @rule(gap=gaps)
    def a_port_is_lost(self, gap: float) -> None:
        self.time = max(self.time + gap, self.witness.player.now)
        self.witness.interrupt(self.time)

    @rule(seconds=st.sampled_from([0.6, 30.0, DAY]))
    def the_process_stands_still(self, seconds: float) -> None:
        self.time = max(self.time, self.witness.player.now) + seconds
        self.witness.resume(self.time)

    @rule(voice=st.integers(0, len(PLAYING_MODELS) - 1))
    def another_model(self, voice: int) -> None:
        self.witness.change_model(self.time, voice)

    def _play(self, gap: float, event: Any) -> None:
        self.time += gap
        self.witness.receive(self.time, event)
        AnyPerformance.played += 1

    def teardown(self) -> None:
        if hasattr(self, "witness"):
            assert size(self.witness.player) <= virtual.LARGEST_STATE
            self.witness.close(self.time)


def test_any_performance_of_hypothesis_keeps_every_promise() -> None:
    AnyPerformance.played = 0
    many = settings(
        max_examples=PERFORMANCES,
        stateful_step_count=ACTIONS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    for number in count(1):
        run_state_machine_as_test(seed(number)(AnyPerformance), settings=many)
        if AnyPerformance.played >= EVENTS:
            break


@pytest.mark.parametrize("seed", SEEDS)
def test_a_soak_of_a_million_random_events_keeps_every_promise(seed: int) -> None:
    tally, _ = virtual.soak(RANDOM_EVENTS, seed)
    assert tally.events * len(SEEDS) == 1_000_000
    assert tally.answers > RANDOM_EVENTS / 200
    assert tally.note_ons == tally.note_offs > RANDOM_EVENTS / 100
