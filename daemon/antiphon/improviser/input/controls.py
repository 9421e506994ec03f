"""Controls: what a performer can steer with a knob, a pad or a pedal, and which controller steers what.

    parse_table(texts)      → the table: which source steers which control
    table.control_of(bytes) → what a message says of a control, if it belongs to one
    Controls.after(bytes)   → the same, as an event: presses and switching, with what must be remembered for that
    Controls.steered(control) → the same memory, where a control was steered in another way, say on a screen

A control's value is 0…1; `temperature_of`, `pitch_of`, `density_of`, `mode_of` and `is_on` say what it stands for, and
`value_of_temperature` and its like lead back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from antiphon.errors import UserError
from antiphon.improviser.modes import MODES, Mode

ControlName = Literal["temperature", "mode", "density", "lowest", "highest", "tap", "panic", "hold", "mute", "answer"]

CONTROL_NAMES: tuple[ControlName, ...] = get_args(ControlName)
KNOBS = frozenset[ControlName]({"temperature", "density", "lowest", "highest"})
"""Steered by a value."""
SWITCHES = frozenset[ControlName]({"hold", "mute"})
"""On or off. Of the others, `mode` is turned by a knob and stepped by a note, and the rest are pressed."""

COLDEST, HOTTEST = 0.1, 2.0
"""Temperatures at the two ends of the knob; in its middle it is near 1, as the model believes."""
HIGHEST_CONTROLLER = 119
"""From 120 on, control changes are MIDI's channel mode messages ("all notes off"), and no controllers."""
_LARGEST = 127
_FIRST_ON = 64
"""MIDI 1.0: a switch is off up to 63 and on from 64."""
_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE = 0x80, 0x90, 0xB0
_SOURCE = re.compile(r"(cc|note)\s+(\d{1,3})(?:\s+channel\s+(\d{1,2}))?", re.IGNORECASE | re.ASCII)
_EXAMPLES = 'write for example "cc 21", "cc 21 channel 3" or "note 36 channel 10", or "" for none'


@dataclass(frozen=True, slots=True)
class Control:
    """A control and its value, 0…1: of a knob how far it is turned; of a switch 1 for on and 0 for off."""

    name: ControlName
    value: float


@dataclass(frozen=True, slots=True)
class Source:
    """A controller (0…119) or a key or pad (0…127), on one channel, 1…16, or on all of them."""

    kind: Literal["cc", "note"]
    number: int
    channel: int | None = None

    def __str__(self) -> str:
        """Return it as `config.toml` has it."""
        return f"{self.kind} {self.number}" + (f" channel {self.channel}" if self.channel else "")

    def overlaps(self, other: Source) -> bool:
        """Return whether one message can be of both."""
        same_channel = self.channel == other.channel or self.channel is None or other.channel is None
        return (self.kind, self.number) == (other.kind, other.number) and same_channel


@dataclass(frozen=True)
class ControlTable:
    """Which source steers which control; no message is of two of them."""

    entries: tuple[tuple[ControlName, Source], ...] = ()

    def control_of(self, message: Sequence[int]) -> Control | None:
        """Return the control that a message belongs to, with what it says, or None if it is no control's.

        A message that has a control is not for playing and not for passing on, a note-off of a pad included.

        Args:
            message: the bytes of one whole message, status byte first. Any bytes will do.
        """
        moved = moved_by(message)
        if moved is None:
            return None
        source, value = moved
        return next((Control(name, value) for name, mine in self.entries if mine.overlaps(source)), None)


@dataclass(frozen=True)
class Controls:
    """Controls in a performer's hands: the table, and what must be remembered from one message to the next.

    Args:
        table: which source steers which control.
        mode: the one in which the performance starts; a note as the source of `mode` steps on from it.
        down: the controls whose controller stands at 64 or above.
        on: the switches that a note has turned on.
    """

    table: ControlTable
    mode: Mode
    down: frozenset[ControlName] = frozenset()
    on: frozenset[ControlName] = frozenset()

    def after(self, message: Sequence[int]) -> tuple[Controls, Control | None]:
        """Return the controls as they are after a message, and the control that it steers, if any.

        Values are absolute, so that what is recorded means the same wherever a replay starts: a note that turns
        `mute` off gives `mute` 0, one that steps to the next mode gives that mode's value.
        """
        control = self.table.control_of(message)
        if control is None or control.name in KNOBS:
            return self, control
        if dict(self.table.entries)[control.name].kind == "note":
            return self._struck(control) if is_on(control.value) else (self, None)
        return self._turned(control)

    def steered(self, control: Control) -> Controls:
        """Return the controls as they are after a control was steered elsewhere: pads go on from there.

        Where its own knob or pedal stands isn't changed by that.
        """
        if control.name == "mode":
            return replace(self, mode=mode_of(control.value))
        if control.name in SWITCHES:
            on = self.on | {control.name} if is_on(control.value) else self.on - {control.name}
            return replace(self, on=on)
        return self

    def _struck(self, control: Control) -> tuple[Controls, Control | None]:
        """Go on after a note-on, however soft; a pad that never sends its note-off works too."""
        name = control.name
        if name == "mode":
            mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
            return replace(self, mode=mode), Control(name, value_of_mode(mode))
        if name in SWITCHES:
            on = self.on ^ {name}
            return replace(self, on=on), Control(name, float(name in on))
        return self, Control(name, 1.0)

    def _turned(self, control: Control) -> tuple[Controls, Control | None]:
        """Go on after a controller moved."""
        name, value = control.name, control.value
        if name == "mode":
            mode = mode_of(value)
            return (self, None) if mode == self.mode else (replace(self, mode=mode), control)
        is_down = is_on(value)
        if is_down == (name in self.down):
            return self, None
        after = replace(self, down=self.down ^ {name})
        return after, Control(name, float(is_down)) if is_down or name in SWITCHES else None


def moved_by(message: Sequence[int]) -> tuple[Source, float] | None:
    """Return what a message moves, with its channel, and to which value, 0…1; None if it moves nothing.

    A note counts as 1 while it is down, however soft it was struck.
    """
    if len(message) != 3 or not all(0 <= byte <= _LARGEST for byte in message[1:]):
        return None
    status, number, value = message
    kind, channel = status & 0xF0, (status & 0x0F) + 1
    if kind == _CONTROL_CHANGE and number <= HIGHEST_CONTROLLER:
        return Source("cc", number, channel), value / _LARGEST
    if kind in (_NOTE_ON, _NOTE_OFF):
        return Source("note", number, channel), float(kind == _NOTE_ON and value > 0)
    return None


def parse_source(text: str) -> Source:
    """Return the source that a text names: `cc 21`, `note 36 channel 10`, in capitals or not.

    Raises:
        UserError: it names none.
    """
    found = _SOURCE.fullmatch(text.strip())
    if found is None:
        raise UserError(f"{text!r} names no controller; {_EXAMPLES}")
    kind: Literal["cc", "note"] = "cc" if found[1].lower() == "cc" else "note"
    number, channel = int(found[2]), int(found[3]) if found[3] else None
    last = HIGHEST_CONTROLLER if kind == "cc" else _LARGEST
    if number > last:
        what = "controllers" if kind == "cc" else "notes"
        raise UserError(f"{text!r}: MIDI's {what} are 0 to {last}; {_EXAMPLES}")
    if channel is not None and not 1 <= channel <= 16:
        raise UserError(f"{text!r}: MIDI's channels are 1 to 16; {_EXAMPLES}")
    return Source(kind, number, channel)


def check_control(name: str) -> ControlName:
    """Return a name that is a control's.

    Raises:
        UserError: there is no such control.
    """
    for known in CONTROL_NAMES:
        if name == known:
            return known
    raise UserError(f"there is no control {name!r}; there are {', '.join(CONTROL_NAMES)}")


def parse_table(texts: Mapping[str, str]) -> ControlTable:
    """Return the table that section `[controls]` of `config.toml` describes.

    Args:
        texts: control → source, "" for none.

    Raises:
        UserError: there is no such control or source, a note is to turn a knob, or a source steers two controls.
    """
    entries: list[tuple[ControlName, Source]] = []
    for key, text in texts.items():
        try:
            name = check_control(key)
            if not text.strip():
                continue
            source = parse_source(text)
        except UserError as error:
            raise UserError(f"controls.{key}: {error}") from None
        if name in KNOBS and source.kind == "note":
            raise UserError(f'controls.{name}: {text!r} can\'t set a value; give it a knob or a fader, say "cc 21"')
        for other, taken in entries:
            if source.overlaps(taken):
                raise UserError(
                    f'controls.{name} and controls.{other} are both on "{taken}"; give one of them another, or ""'
                )
        entries.append((name, source))
    return ControlTable(tuple(entries))


# What a value stands for. Nowhere else is a control's value turned into a unit, or back.


def temperature_of(value: float) -> float:
    """Return the sampling temperature, 0.1…2.0, in proportion: 1.05 in the middle of the knob."""
    return COLDEST + value * (HOTTEST - COLDEST)


def value_of_temperature(temperature: float) -> float:
    """Return how far the knob is turned at a temperature; the nearer end for one that it can't reach."""
    return min(max((temperature - COLDEST) / (HOTTEST - COLDEST), 0.0), 1.0)


def pitch_of(value: float) -> int:
    """Return the MIDI pitch, 0…127, that `lowest` or `highest` says: the controller's own number."""
    return round(value * _LARGEST)


def value_of_pitch(pitch: int) -> float:
    """Return how far the knob of `lowest` or `highest` is turned at a MIDI pitch, 0…127."""
    return pitch / _LARGEST


def density_of(value: float) -> float:
    """Return the share of notes that are answered, 0…1; the others are rests."""
    return value


def value_of_density(density: float) -> float:
    """Return how far the knob is turned at a share of answered notes, 0…1."""
    return density


def mode_of(value: float) -> Mode:
    """Return the mode that a knob points at: each has a third of it (0…42, 43…84, 85…127)."""
    return MODES[min(int(value * len(MODES)), len(MODES) - 1)]


def value_of_mode(mode: Mode) -> float:
    """Return the value in the middle of a mode's share of the knob, the two ends for the outer ones."""
    return MODES.index(mode) / (len(MODES) - 1)


def is_on(value: float) -> bool:
    """Return whether a switch's value means on: from 64 of 127."""
    return value >= _FIRST_ON / _LARGEST


def value_of_switch(on: bool) -> float:
    """Return the value of a switch that is on, or off."""
    return float(on)
