"""The witness: plays to an improviser, and to a reference, and sees to it that both keep what is promised.

The reference hears the same events and nothing else: it is not asked to prepare, not looked at, and not woken.
So what both say is the same only if the seed alone decides, if preparing and looking change nothing, and if it doesn't
matter when time is asked.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from antiphon.improviser.events import Event, Timed
from antiphon.improviser.input.controls import Control
from antiphon.melody.vocabulary import Vocabulary
from antiphon.midi.messages import ControlChange, Expression, NoteOff, NoteOn
from tests.daemon.stub_model import StubModel
from tests.soak.setup import ACCOMPANIMENT_CHANNEL, CHANNEL, CLICK_CHANNEL, Setup, models_of

Input = Event | Control
LONGEST_STALL = 200_000
"""Wakings without an event after which time doesn't seem to pass."""


class Witness:
    """An improviser under observation; a promise that isn't kept is an AssertionError.

    Args:
        setup: what the improviser is built with.
        has_reference: whether to play to a reference as well, for twice the time.
    """

    def __init__(self, setup: Setup, has_reference: bool = True) -> None:
        self.player, self._replies = setup.improviser()
        self._reference = setup.improviser()[0] if has_reference else None
        self._channels = (CHANNEL, setup.hands.thru_channel, ACCOMPANIMENT_CHANNEL, CLICK_CHANNEL)
        self._thru = setup.hands.thru_channel
        self._sounding: set[tuple[int, int]] = set()
        self._down: dict[int, set[int]] = {}
        """By pitch, the channels on which the performer's keys are down."""
        self._last = float("-inf")
        self._unchecked: list[Timed] = []
        self.note_ons = self.note_offs = 0
        self.last_own: NoteOn | None = None
        """The last note of the answer."""

    @property
    def answers(self) -> int:
        """How many replies were chosen."""
        return self._replies.count

    @property
    def sounding(self) -> int:
        """How many notes sound."""
        return len(self._sounding)

    def receive(self, time: float, event: Input) -> list[Timed]:
        """Let an event be heard."""
        messages = self._compared(
            self._looked_at(self.player.receive(time, event), time),
            None if self._reference is None else self._reference.receive(self.player.now, event),
        )
        if isinstance(event, NoteOn):
            self._down.setdefault(event.pitch, set()).add(event.channel)
        elif isinstance(event, NoteOff):
            down = self._down.get(event.pitch, set())
            # On the answer's channel a note-off may be that of an own note which comes back: the key may be down still.
            if event.channel != CHANNEL:
                down.discard(event.channel)
            hangs = not down and (self._thru, event.pitch) in self._sounding
            assert not hangs, f"{event}: no key is down, and what was passed on sounds"
        return messages

    def change_model(self, time: float, voice: int) -> None:
        """Let it play on with another model."""
        new = models_of(voice)
        self._compared(
            self._looked_at(self.player.change_models(time, new), time),
            None if self._reference is None else self._reference.change_models(self.player.now, new),
        )

    def interrupt(self, time: float) -> None:
        """Lose a port, no earlier than what was heard last: nothing may sound on."""
        self._compared(
            self._looked_at(self.player.interrupt(time), time),
            None if self._reference is None else self._reference.interrupt(time),
        )
        assert not self._sounding, f"still sounding: {self._sounding}"
        self._down.clear()

    def resume(self, time: float) -> None:
        """Stand still until `time`, as a process does that is stopped: nothing may be caught up with."""
        since = self.player.now
        messages = self._compared(
            self._looked_at(self.player.resume(since, time), time),
            None if self._reference is None else self._reference.resume(since, time),
        )
        started = [(timed.time, timed.message) for timed in messages if isinstance(timed.message, NoteOn)]
        late = [(moment, note) for moment, note in started if since < moment < time]
        assert not late, f"{late} since {since!r}, where time went on at {time!r}"
        clicks = [note for moment, note in started if moment == time and note.channel == CLICK_CHANNEL]
        assert len(clicks) < 2, f"{clicks} at {time!r}"

    def advance(self, time: float) -> None:
        """Let time pass at once; the reference doesn't notice."""
        self._unchecked += self._looked_at(self.player.advance(time), time)
        due = self.player.next_time()
        assert due is None or due > self.player.now, f"next_time() {due!r} has passed at {self.player.now!r}"

    def wait(self, time: float) -> None:
        """Let time pass as a live shell does: from one moment that is due to the next."""
        for _ in range(LONGEST_STALL):
            due = self.player.next_time()
            if due is None or due > time:
                break
            self.advance(due)
        else:
            raise AssertionError(f"time stands still at {self.player.now!r}")
        self.advance(time)

    def prepare(self, steps: int) -> None:
        """Let it prepare, up to so many steps of the model; the reference doesn't."""
        while steps > 0 and self.player.prepare():
            steps -= 1

    def look(self, steps: int) -> None:
        """Look at it as a display does, which prepares so many steps of that; nobody looks at the reference."""
        player = self.player
        distribution = player.next_note_distribution()
        while distribution is not None and steps > 0 and distribution.prepare():
            steps -= 1
        seen, expected = player.snapshot(), () if distribution is None else distribution.pitches()
        assert player.snapshot() == seen
        assert seen.posterior[seen.sharps + 5] > 0 and abs(sum(seen.posterior) - 1) < 1e-6, seen
        assert seen.locked in (None, seen.sharps), seen
        assert all(first.time <= second.time for first, second in pairwise(seen.planned)), seen
        assert all(each.time <= each.end and 0 <= each.pitch <= 127 for each in seen.planned), seen
        assert all(0 <= pitch <= 127 and chance >= 0.01 for pitch, chance in expected), expected
        assert sum(chance for _, chance in expected) < 1 + 1e-6, expected

    def close(self, time: float) -> None:
        """End the performance: nothing may sound on."""
        reference = None if self._reference is None else self._reference.close(max(time, self.player.now))
        self._compared(self._looked_at(self.player.close(time), time), reference)
        assert not self._sounding, f"still sounding: {self._sounding}"
        assert self.note_ons == self.note_offs

    def _compared(self, messages: list[Timed], expected: list[Timed] | None) -> list[Timed]:
        if expected is not None:
            assert self._unchecked + messages == expected, "the reference, neither prepared nor woken, plays otherwise"
        self._unchecked.clear()
        return messages

    def _looked_at(self, messages: list[Timed], asked: float) -> list[Timed]:
        asked = max(asked, self.player.now)
        for timed in messages:
            assert self._last <= timed.time <= asked, f"{timed} after {self._last!r}, asked up to {asked!r}"
            self._last = timed.time
            message = timed.message
            if isinstance(message, NoteOn):
                self._starts(message)
            elif isinstance(message, NoteOff):
                place = (message.channel, message.pitch)
                assert place in self._sounding, f"{message} ends nothing"
                self._sounding.remove(place)
                self.note_offs += 1
            elif isinstance(message, ControlChange):
                assert message.channel in (CHANNEL, ACCOMPANIMENT_CHANNEL, self._thru), message
            else:
                assert isinstance(message, Expression) and message.channel == self._thru, message
        self._replies.forget_earlier()
        return messages

    def _starts(self, note: NoteOn) -> None:
        place = (note.channel, note.pitch)
        assert place not in self._sounding, f"{note} sounds already"
        assert 0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and note.channel in self._channels, note
        self._sounding.add(place)
        self.note_ons += 1
        if note.channel == CHANNEL:
            assert self._replies.chose(note), f"{note} was never chosen, or withdrawn"
            self.last_own = note


_NO_STATE = (str, bytes, int, float, bool, type(None), type, ModuleType, FunctionType, BuiltinFunctionType, np.generic)
_SHARED = (StubModel, Vocabulary)


def size(root: object) -> int:
    """Return how much an object remembers: entries of containers and attributes, all that it reaches; an array is one.

    The models, which it shares with others, and the caches of pure functions, which are bounded, aren't counted.
    """
    seen: set[int] = set()
    waiting: list[Any] = [root]
    total = 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, (*_NO_STATE, *_SHARED)) or id(each) in seen:
            continue
        seen.add(id(each))
        parts = _parts(each)
        total += len(parts)
        waiting += parts
    return total


def _parts(each: Any) -> list[Any]:
    if isinstance(each, np.ndarray):
        return [] if each.base is None else [each.base]
    if isinstance(each, dict):
        return [*each, *each.values()]
    if isinstance(each, list | tuple | set | frozenset | deque):
        return list(each)
    if isinstance(each, MethodType):
        return [each.__self__]
    frame = getattr(each, "gi_frame", None)  # a melody that goes on
    if frame is not None:
        return list(frame.f_locals.values())
    slots: Iterable[str] = getattr(type(each), "__slots__", ())
    return [*vars(each).values()] if hasattr(each, "__dict__") else [getattr(each, name, None) for name in slots]


def memory() -> int:
    """Return what this process holds in memory, in bytes; 0 where the system doesn't say."""
    if not sys.platform.startswith("linux"):
        return 0
    import resource
    from pathlib import Path

    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
