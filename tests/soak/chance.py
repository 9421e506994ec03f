"""Chance: settings and events drawn at random, likely ones and nonsense alike."""

from __future__ import annotations

from random import Random

from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.input.routing import InputRouting
from antiphon.melody.keys import SIGNATURES, major_name
from antiphon.melody.metre import TimeSignature
from antiphon.midi.messages import (
    ClockContinue,
    ClockPulse,
    ClockStart,
    ClockStop,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    SongPosition,
)
from antiphon.parameters import AUTO, CONTROLS, MODES
from antiphon.recording.commands import Steered, event_of
from antiphon.recording.entries import Press, Set, command_as_json, command_from_json
from tests.daemon.players import command
from tests.soak.setup import CHANNEL, THRU_CHANNEL, Setup
from tests.soak.witness import Input, Witness

DAY = 86_400.0
FAULTS = 5e-4
"""Of all events, what is followed by one."""
_SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76)


def any_setup(chance: Random) -> Setup:
    """Return settings."""
    style = Style(
        temperature=chance.choice((0.0, 0.1, 0.9, 0.9, 2.0, 10.0)),
        density=chance.choice((1.0, 1.0, 0.5, 0.0)),
        harmony=chance.choice((0.0, 0.5, 1.0)),
        form=chance.random() < 0.5,
        accompaniment=chance.choice(("chords", "bass", "both")),
        swing=chance.choice((None, None, 0.5, 0.62)),
        feel=chance.choice((0.0, 0.5, 1.0)),
        octave=chance.choice((0, 0, 0, -4, 1, 4)),
        constraints=Constraints(
            lowest=chance.choice((0, 0, 48, chance.randrange(128))),
            highest=chance.choice((127, 127, 84, chance.randrange(128))),
            in_scale=chance.random() < 0.3,
            longest_rest=chance.choice((16, 4, 0)),
            repetitions=chance.choice((8, 2, 1)),
        ),
        shortest=chance.choice((1, 1, 2)),
        longest=chance.choice((2, 4)),
        candidates=chance.choice((1, 2, 4)),
    )
    hands = InputRouting(
        channel=chance.choice((0, 0, 0, 1)),
        split=chance.choice((0, 60, chance.randrange(128))),
        left_hand=chance.choice(("heard", "passed", "ignored")),
        thru=chance.random() < 0.3,
        thru_channel=THRU_CHANNEL,
    )
    return Setup(
        seed=chance.randrange(1 << 30),
        mode=chance.choice(MODES),
        when=chance.choice(("now", "onset")),
        sync=chance.choice(("fixed", "auto", "auto", "clock", "link")),
        bpm=chance.choice((20.0, 97.3, 120.0, 400.0)),
        metre=TimeSignature(*chance.choice(((4, 4), (3, 4), (6, 8), (1, 16), (7, 16)))),
        phrase_silence=chance.choice((2.0, 0.01, 1.0, 8.0)),
        style=style,
        hands=hands,
        click=chance.random() < 0.3,
        signatures=SIGNATURES if chance.random() < 0.3 else (chance.choice(SIGNATURES),),
        voice=int(chance.random() < 0.2),
    )


class Performer:
    """Plays at random in one of several tempers: musical, in a flood, on the clock, or nonsense."""

    def __init__(self, chance: Random, witness: Witness, bpm: float) -> None:
        self._chance = chance
        self._witness = witness
        self._bpm = bpm
        self._pulse = 60 / bpm / 24
        self._down: list[tuple[int, int]] = []
        self.time = 0.0

    def gap(self) -> float:
        """Return seconds until the next event."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.4:
            return 0.0
        if kind < 0.7:
            return chance.random() * 0.002
        if kind < 0.92:
            return self._pulse * (1 + 0.05 * chance.random())
        if kind < 0.997:
            return chance.random() * 0.5
        if kind < 0.9998:
            return chance.random() * 8
        return -1.0 if kind < 0.99995 else 600.0

    def event(self) -> Input:
        """Return what is played next."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.30:
            pitch = chance.choice(_SCALE) if chance.random() < 0.9 else chance.randrange(128)
            channel = 1 if chance.random() < 0.8 else chance.randrange(1, 17)
            if len(self._down) < 100:
                self._down.append((pitch, channel))
            return NoteOn(pitch, chance.randrange(1, 128), channel)
        if kind < 0.60:
            if self._down and chance.random() < 0.9:
                pitch, channel = self._down.pop(chance.randrange(len(self._down)))
                return NoteOff(pitch, channel)
            return NoteOff(chance.randrange(128), chance.randrange(1, 17))
        if kind < 0.74:
            return ClockPulse()
        return self._rarer(kind)

    def _rarer(self, kind: float) -> Input:
        chance, own = self._chance, self._witness.last_own
        if kind < 0.77 and own is not None:  # our own note comes back
            return own if chance.random() < 0.5 else NoteOff(own.pitch, CHANNEL)
        if kind < 0.82:
            return ControlChange(64, chance.choice((0, 0, 0, 127, chance.randrange(128))), chance.choice((1, 1, 1, 2)))
        if kind < 0.90:
            return ControlChange(chance.randrange(128), chance.randrange(128), chance.randrange(1, 17))
        if kind < 0.95:
            is_bend, channel, data = chance.choice((False, True)), chance.randrange(16) + 1, chance.randrange(128)
            return PitchBend(data - 8192, channel) if is_bend else PolyPressure(data, 0, channel)
        if kind < 0.985:
            name, share = chance.choice(list(CONTROLS)), chance.choice((0.0, 0.5, 1.0, chance.random()))
            return told(command(name, CONTROLS[name].at(share)))
        if kind < 0.988:
            return told(Set("bpm", chance.choice((20.0, self._bpm, 400.0, 20 + 380 * chance.random()))))
        if kind < 0.9895:
            return told(Set("sync", chance.choice(("fixed", "clock", "auto", "link"))))
        if kind < 0.991:
            return told(Set("key", chance.choice((AUTO, AUTO, *map(major_name, SIGNATURES)))))
        if kind < 0.9955:
            return chance.choice((ClockStart(), ClockContinue(), ClockContinue(), ClockStop()))
        return SongPosition(chance.choice((0, 16, chance.randrange(1 << 14), 1 << 30)))

    def step(self) -> None:
        """Let time pass and play one event."""
        chance, witness = self._chance, self._witness
        self.time += self.gap()
        way = chance.random()
        if way < 0.3:
            witness.wait(max(self.time, witness.player.now))
        elif way < 0.4:
            witness.advance(max(self.time, witness.player.now) - chance.random() * 0.01)
        if way < 0.2:
            witness.prepare(chance.randrange(1, 20))
        witness.receive(self.time, self.event())
        self.time = max(self.time, witness.player.now)
        if chance.random() < 1e-5:
            witness.change_model(self.time, chance.randrange(2))
        if chance.random() < FAULTS:
            self._suffer()

    def _suffer(self) -> None:
        """Lose a port, or stand still for a while."""
        if self._chance.random() < 0.5:
            self._witness.interrupt(self.time)
        else:
            self.time += self._chance.choice((0.6, 5.0, 600.0))
            self._witness.resume(self.time)


def told(given: Set | Press) -> Steered:
    """Return the event that a page's command is, as it is read from a recording."""
    read = command_from_json(command_as_json(given))
    assert read == given, f"{given} is read as {read}"
    return event_of(given)
