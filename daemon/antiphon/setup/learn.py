"""MIDI learn: asks for each control, listens for what moves, and writes the table into the user's settings file.

Two keyboards answer: the one with the knobs, and the one with the letters, on which Enter skips and q ends.
"""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from antiphon import clock
from antiphon.improviser.input.controls import (
    Source,
    check_control,
    is_on,
    moved_by,
    parse_source,
    parse_table,
)
from antiphon.midi.codec import decode
from antiphon.midi.messages import Message
from antiphon.midi.ports import find_system, free_name, open_input
from antiphon.parameters import CONTROLS
from antiphon.settings import Settings
from antiphon.setup.own_config import read_document, write_section

SECTION = "controls"
PATIENCE = 20.0
"""Seconds until a control is skipped where nobody can press Enter."""
SIGNAL_SECONDS = 0.5
"""Seconds that one wait may take: a Ctrl-C that comes just as Python begins to wait is seen only after the wait."""
TURN = 8 / 127
"""So far a knob must be turned to be meant: worn ones tremble by a value or two on their own."""
_TURN_IT = "turn a knob or move a fader"
_PRESS_IT = "press a pad, a button or a pedal"
_POINT_IT = f"{_TURN_IT}, or strike a pad that shall step on"

Arrivals = SimpleQueue[Message | str]
"""What comes in, in its order: MIDI messages, and typed lines."""


def learn_controls(
    names: Sequence[str], settings: Settings, file: Path, seconds: float | None, say: Callable[[str], None]
) -> None:
    """Ask for controls one after the other, and write what was learned into a settings file.

    Args:
        names: the controls, in the order in which they are asked for.
        settings: say on which port to listen, and which table is in force.
        file: the settings file; everything else in it stays as it is.
        seconds: how long to wait for each; None waits for ever at a terminal, and 20 s where there is none.
        say: shows one line to the user.

    Raises:
        UserError: the port can't be had, or the file is one that can't be changed; it is as it was.
    """
    in_force = _table_in_force(settings)
    read_document(file)  # a broken one is refused before the first question, not after the last
    if seconds is None and not _at_terminal():
        seconds = PATIENCE
    inbox: Arrivals = SimpleQueue()
    lesson = Lesson(inbox, seconds, say)
    ports = settings.ports

    def receive(data: Sequence[int]) -> None:
        message = decode(data)
        if message is not None:
            inbox.put(message)

    system, inputs = find_system(ports.api)
    with open_input(system, free_name(inputs, ports.name), ports.input, receive) as opened:
        say(f"listens to   {opened}" + ("" if ports.input else "   ← connect your knobs and pads to it"))
        say("Move each control when it is asked for. Enter skips it, q ends, Ctrl-C leaves everything as it was.")
        _hand_over_lines(inbox)
        for name in names:
            if not lesson.ask(name):
                break
    if not lesson.learned:
        say(f"Nothing was learned; {file} is as it was.")
        return
    changes = table_changes(lesson.learned, in_force)
    write_section(file, SECTION, changes)
    for key, text in changes.items():
        say(f'{key} = "{text}"' + ("" if text else "   (what steered it has another task now)"))
    say(f"{file}: [{SECTION}] is written.")


def check_controls(names: Sequence[str]) -> list[str]:
    """Return the controls of these names, each once; all that there are if none is named.

    Raises:
        UserError: one is no control.
    """
    return list(dict.fromkeys(check_control(name) for name in names)) or list(CONTROLS)


def table_changes(learned: Mapping[str, Source], in_force: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of `[controls]` to write: what was learned, and "" for what had one of these sources before.

    Args:
        learned: control → source.
        in_force: the whole table as it was, defaults included: control → source, "" for none.
    """
    changes = {str(name): str(source) for name, source in learned.items()}
    for name, text in in_force.items():
        if text.strip() and name not in changes:
            before = parse_source(text)
            if any(before.overlaps(source) for source in learned.values()):
                changes[name] = ""
    return changes


def question(name: str) -> str:
    """Return what is said to ask for a control."""
    parameter = CONTROLS[name]
    move = {"number": _TURN_IT, "choice": _POINT_IT}.get(parameter.kind, _PRESS_IT)
    return f"{name}: {parameter.about.does}: {move}"


class MoveDetector:
    """Finds the source that is moved on purpose for a control, among others that tremble or are let go.

    Args:
        name: the control.
        last: source → the value, 0…1, last heard of it; kept up to date, for the next control.
    """

    def __init__(self, name: str, last: dict[Source, float]) -> None:
        self._name = name
        self._last = last
        self._ranges: dict[Source, tuple[float, float]] = {}

    def hear(self, message: Message) -> Source | None:
        """Return the source that a message shows to be meant, or None as long as none is."""
        moved = moved_by(message)
        if moved is None:
            return None
        source, value = moved
        before = self._last.get(source, 0.0)
        self._last[source] = value
        if source.kind == "note":
            return source if is_on(value) else None
        if CONTROLS[self._name].kind in ("number", "choice"):
            low, high = self._ranges.get(source, (value, value))
            low, high = self._ranges[source] = min(low, value), max(high, value)
            return source if high - low >= TURN else None
        return source if is_on(value) and not is_on(before) else None


class Lesson:
    """The questions, one after the other, and what was learned so far.

    Args:
        inbox: what the performer moves and types.
        seconds: how long to wait for each control; None is for ever.
        say: shows one line to the user.
    """

    def __init__(self, inbox: Arrivals, seconds: float | None, say: Callable[[str], None]) -> None:
        self.learned: dict[str, Source] = {}
        self._inbox = inbox
        self._seconds = seconds
        self._say = say
        self._last: dict[Source, float] = {}

    def ask(self, name: str) -> bool:
        """Ask for a control until it is learned or skipped; return whether there may be another question."""
        self._say(question(name))
        until = None if self._seconds is None else clock.now() + self._seconds
        detector = MoveDetector(name, self._last)
        told = {""}
        while True:
            came = self._wait(until)
            if came is None:
                self._say(f"  skipped: nothing was moved for {self._seconds:g} s")
                return True
            if isinstance(came, str):
                return self._obey(came)
            source = detector.hear(came)
            if source is None:
                continue
            objection = self._objection(name, source)
            if objection is None:
                self.learned[name] = source
                self._say(f"  {source}")
                return True
            if objection not in told:
                told.add(objection)
                self._say(f"  {objection}")

    def _obey(self, line: str) -> bool:
        if line.strip().lower() == "q":
            return False
        self._say("  skipped")
        return True

    def _objection(self, name: str, source: Source) -> str | None:
        """Return what speaks against a source, None if nothing does; "" if it isn't worth a word."""
        for other, taken in self.learned.items():
            if source.overlaps(taken):
                # The one just learned may still be on its way: a knob is turned for longer than it takes to know it.
                return "" if other == list(self.learned)[-1] else f"{source} is for {other}; take another"
        if source.kind == "note" and CONTROLS[name].kind == "number":
            return f"{source} is a key or a pad, which can't set a value; {_TURN_IT}"
        return None

    def _wait(self, until: float | None) -> Message | str | None:
        """Return what comes in next, or None once the clock says `until`."""
        while (left := (math.inf if until is None else until) - clock.now()) > 0:
            with contextlib.suppress(Empty):
                return self._inbox.get(timeout=min(left, SIGNAL_SECONDS))
        return None


def _table_in_force(settings: Settings) -> dict[str, str]:
    texts = settings.controls
    parse_table(texts)
    return texts


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _hand_over_lines(inbox: Arrivals) -> None:
    """Start to put typed lines into the inbox, and a q where a terminal's end is typed (Ctrl-D)."""
    if sys.stdin is None:
        return

    # Unbuffered: a thread that waits inside `sys.stdin` holds a lock without which Python can't end.
    number, at_terminal = sys.stdin.fileno(), _at_terminal()

    def read() -> None:
        with open(number, "rb", buffering=0, closefd=False) as lines:
            for line in lines:
                inbox.put(line.decode(errors="replace"))
        if at_terminal:
            inbox.put("q")

    threading.Thread(target=read, name="typed lines", daemon=True).start()
