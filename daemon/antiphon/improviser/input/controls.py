"""Controls: what a performer steers with a knob, a pad or a pedal, and which controller steers what.

    parse_table(texts)        → the table: which source steers which control
    table.moved(message)      → the control that a message belongs to, if any, and how far it is moved
    Controls.after(message)   → the same, as an event: presses and switching, with what must be remembered for that
    Controls.steered(control) → the same memory, where a control was steered in another way, say on a screen

Which controls there are, and which value a knob stands for, is declared in `parameters`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from antiphon.errors import UserError
from antiphon.midi.messages import ControlChange, Message, NoteOff, NoteOn
from antiphon.midi.protocol import HIGHEST, HIGHEST_CONTROLLER, is_channel
from antiphon.parameter import FIRST_ON, Value, chosen_at
from antiphon.parameters import CONTROLS, MODES, Accompaniment, Mode

_SOURCE = re.compile(r"(cc|note)\s+(\d{1,3})(?:\s+channel\s+(\d{1,2}))?", re.IGNORECASE | re.ASCII)
_EXAMPLES = 'write for example "cc 21", "cc 21 channel 3" or "note 36 channel 10", or "" for none'


@dataclass(frozen=True, slots=True)
class Control:
    """A control and its value in its own unit, as `parameters` declares it; True for what is pressed."""

    name: str
    value: Value = True


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

    entries: tuple[tuple[str, Source], ...] = ()

    def moved(self, message: Message) -> tuple[str, Source, float] | None:
        """Return the control that a message belongs to, its source, and how far that is moved, 0…1; None if to none.

        A message that has a control is not for playing and not for passing on, a note-off of a pad included.
        """
        moved = moved_by(message)
        if moved is None:
            return None
        source, share = moved
        return next(((name, source, share) for name, mine in self.entries if mine.overlaps(source)), None)


@dataclass(frozen=True)
class Controls:
    """Controls in a performer's hands: the table, and what must be remembered from one message to the next.

    Args:
        table: which source steers which control.
        mode: the one in which the performance starts; a note as the source of `mode` steps on from it.
        accompaniment: the same of `accompaniment`.
        modes: those that a knob or a pad chooses from; a recording may be from before there were as many.
        down: the controls whose controller stands at 64 or above.
        on: the switches that a note has turned on.
    """

    table: ControlTable
    mode: Mode
    accompaniment: Accompaniment = "both"
    modes: tuple[Mode, ...] = MODES
    down: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()

    def after(self, message: Message) -> tuple[Controls, Control | None]:
        """Return the controls as they are after a message, and the control that it steers, if any.

        Values are absolute, so that what is recorded means the same wherever a replay starts: a note that turns
        `mute` off gives `mute` False, one that steps to the next mode gives that mode.
        """
        moved = self.table.moved(message)
        if moved is None:
            return self, None
        name, source, share = moved
        if source.kind == "note":
            return self._struck(name) if is_on(share) else (self, None)
        value = chosen_at(share, self.modes) if name == "mode" else CONTROLS[name].at(share)
        return self._turned(Control(name, value), is_on(share))

    def steered(self, control: Control) -> Controls:
        """Return the controls as they are after a control was steered elsewhere: pads go on from there.

        Where its own knob or pedal stands isn't changed by that.
        """
        if CONTROLS[control.name].kind == "choice":
            return self._chose(control)
        if CONTROLS[control.name].kind == "switch":
            return replace(self, on=self.on | {control.name} if control.value else self.on - {control.name})
        return self

    def _struck(self, name: str) -> tuple[Controls, Control | None]:
        """Go on after a note-on, however soft; a pad that never sends its note-off works too."""
        if CONTROLS[name].kind == "choice":
            choices = self.modes if name == "mode" else CONTROLS[name].choices
            chosen = Control(name, _next(choices, self._choice(name)))
            return self._chose(chosen), chosen
        if CONTROLS[name].kind == "switch":
            on = self.on ^ {name}
            return replace(self, on=on), Control(name, name in on)
        return self, Control(name)

    def _turned(self, control: Control, is_down: bool) -> tuple[Controls, Control | None]:
        """Go on after a controller moved."""
        name = control.name
        kind = CONTROLS[name].kind
        if kind == "number":
            return self, control
        if kind == "choice":
            return (self, None) if control.value == self._choice(name) else (self._chose(control), control)
        if is_down == (name in self.down):
            return self, None
        return replace(self, down=self.down ^ {name}), control if is_down or kind == "switch" else None

    def _choice(self, name: str) -> str:
        return str(getattr(self, name))

    def _chose(self, control: Control) -> Controls:
        chosen: dict[str, Any] = {control.name: control.value}
        return replace(self, **chosen)


def _next(choices: Sequence[str], choice: str) -> str:
    """Return the choice behind one, the first behind the last, and where that isn't among them."""
    return choices[(choices.index(choice) + 1) % len(choices)] if choice in choices else choices[0]


def moved_by(message: Message) -> tuple[Source, float] | None:
    """Return what a message moves, with its channel, and to which value, 0…1; None if it moves nothing.

    A note counts as 1 while it is down, however soft it was struck.
    """
    match message:
        case ControlChange(controller, value, channel) if controller <= HIGHEST_CONTROLLER:
            return Source("cc", controller, channel), value / HIGHEST
        case NoteOn(pitch, _, channel):
            return Source("note", pitch, channel), 1.0
        case NoteOff(pitch, channel):
            return Source("note", pitch, channel), 0.0
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
    last = HIGHEST_CONTROLLER if kind == "cc" else HIGHEST
    if number > last:
        what = "controllers" if kind == "cc" else "notes"
        raise UserError(f"{text!r}: MIDI's {what} are 0 to {last}; {_EXAMPLES}")
    if channel is not None and not is_channel(channel):
        raise UserError(f"{text!r}: MIDI's channels are 1 to 16; {_EXAMPLES}")
    return Source(kind, number, channel)


def check_control(name: str) -> str:
    """Return a name that is a control's.

    Raises:
        UserError: there is no such control.
    """
    if name not in CONTROLS:
        raise UserError(f"there is no control {name!r}; there are {', '.join(CONTROLS)}")
    return name


def parse_table(texts: Mapping[str, str]) -> ControlTable:
    """Return the table that section `[controls]` of `config.toml` describes.

    Args:
        texts: control → source, "" for none.

    Raises:
        UserError: there is no such control or source, a note is to turn a knob, or a source steers two controls.
    """
    entries: list[tuple[str, Source]] = []
    for key, text in texts.items():
        try:
            name = check_control(key)
            if not text.strip():
                continue
            source = parse_source(text)
        except UserError as error:
            raise UserError(f"controls.{key}: {error}") from None
        if CONTROLS[name].kind == "number" and source.kind == "note":
            raise UserError(f'controls.{name}: {text!r} can\'t set a value; give it a knob or a fader, say "cc 21"')
        for other, taken in entries:
            if source.overlaps(taken):
                raise UserError(
                    f'controls.{name} and controls.{other} are both on "{taken}"; give one of them another, or ""'
                )
        entries.append((name, source))
    return ControlTable(tuple(entries))


def is_on(share: float) -> bool:
    """Return whether a controller that is moved so far, 0…1, is on."""
    return share >= FIRST_ON
