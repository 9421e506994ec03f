"""The inbox: what arrived and wasn't heard yet, handed from any thread to the one that plays."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import NamedTuple

from antiphon import clock
from antiphon.midi.codec import decode
from antiphon.midi.messages import ChannelPressure, ControlChange, Message, Packet, PitchBend, PolyPressure
from antiphon.midi.protocol import HIGHEST_CONTROLLER, is_on
from antiphon.recording.entries import Command

CROWD = 64
"""Messages that wait unheard from which on a controller's value takes the place of the one before it."""


class Asked(NamedTuple):
    """A command that came by no port, and when it was given, in seconds from the session's start."""

    time: float
    command: Command


class Stop(NamedTuple):
    """The end of the performance was asked for, at a time in seconds from the session's start."""

    time: float


Arrival = Packet | Asked | Stop


class Inbox:
    """What arrived and wasn't heard yet. `receive` and `stop` may be called from any thread and from a signal.

    Args:
        start: when the session started, by `clock.now()`; the inbox's times count from there.
    """

    def __init__(self, start: float) -> None:
        self.start = start
        # SimpleQueue.put never waits for a lock that Python code holds, so the port's thread can't be blocked.
        self._queue: SimpleQueue[Arrival | _Latest] = SimpleQueue()
        self._latest: dict[_Wheel, _Latest] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time, in seconds from the session's start."""
        return clock.now() - self.start

    def receive(self, message: Sequence[int]) -> None:
        """Take a MIDI message from a port, on the port's own thread."""
        self.put(bytes(message))

    def put(self, data: bytes) -> Message | None:
        """Stamp and decode a MIDI message, and hand it over; return what it means.

        This is done once, here, for all who need its time or its meaning. It takes about a microsecond and no lock.

        Args:
            data: the bytes of one whole message.
        """
        packet = Packet(clock.now() - self.start, data, decode(data))
        if self._queue.qsize() < CROWD or not self._supersedes(packet):
            self._queue.put(packet)
        return packet.message

    def ask(self, command: Command) -> None:
        """Hand over a command that came by no port."""
        self._queue.put(Asked(self.now(), command))

    def stop(self) -> None:
        """End the performance."""
        self._queue.put(Stop(self.now()))

    def wait(self, until: float | None) -> Arrival | None:
        """Return what arrived next, or None when the clock says `until` before anything does."""
        try:
            timeout = None if until is None else max(0.0, until - self.now())
            arrived = self._queue.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(arrived, _Latest):
            with self._lock:
                if self._latest.get(arrived.wheel) is arrived:
                    del self._latest[arrived.wheel]
            return arrived.packet
        return arrived

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._queue.empty()

    def _supersedes(self, packet: Packet) -> bool:
        """Return whether a message waits already, in its own place or in that of one that it makes needless."""
        wheel = None if packet.message is None else _wheel_of(packet.message)
        if wheel is None:
            return False
        with self._lock:
            waiting = self._latest.get(wheel)
            # A press and its release are two messages, however quick.
            if waiting is not None and is_on(waiting.packet.data[-1]) == is_on(packet.data[-1]):
                # It is heard when the first one would have been: times in the queue never go back.
                waiting.packet = packet._replace(time=waiting.packet.time)
                return True
            latest = self._latest[wheel] = _Latest(wheel, packet)
        self._queue.put(latest)
        return True


_Wheel = tuple[type[Message], int, int | None]
"""What can be moved: a kind of message, its channel, and a controller's number or a key's pitch."""


@dataclass(slots=True)
class _Latest:
    """A place in a crowded queue for the latest message of a wheel or a controller."""

    wheel: _Wheel
    packet: Packet


def _wheel_of(message: Message) -> _Wheel | None:
    """Return what a message moves, if it only moves something: a controller, a wheel, pressure, on a channel."""
    match message:
        case ControlChange(controller, _, channel) if controller <= HIGHEST_CONTROLLER:
            return ControlChange, channel, controller
        case PolyPressure(pitch, _, channel):
            return PolyPressure, channel, pitch
        case ChannelPressure(_, channel) | PitchBend(_, channel):
            return type(message), channel, None
    return None
