"""The probe: a process of its own that tries the MIDI system, so that whatever hangs or crashes there can be ended.

It goes from step to step and prints a line of JSON before each: what it has found so far, and what it does next. Where
its lines end says where it hangs or died.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import IO, Literal

import msgspec
import psutil

from antiphon import clock
from antiphon.errors import DEBUG, UserError
from antiphon.improviser.events import Event
from antiphon.live import priority
from antiphon.midi.backend import Direction, System
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import decode
from antiphon.midi.jack_monitor import JackServerMonitor
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.ports import PortNames, find_port, find_system, list_ports, open_port
from antiphon.settings import Ports
from antiphon.setup.doctor import sender

Step = Literal["starting", "asking", "opening", "sending", "closing", "done"]
End = Literal["well", "hangs", "crashed"]

PATIENCE = 1.0
"""Seconds after the last note in which the others must have come: the longest periods in use last 0.2 s."""
SETTLE_SECONDS = 0.3
"""Seconds from making a connection until it carries messages: JACK makes it at the end of an audio period."""
STEP_SECONDS = 2.5
"""Seconds that a step may take without work, of which waiting for what doesn't come takes 1.8."""
WORKING_SECONDS = 0.05
"""Seconds of the processor's time in that time, from which on it counts as work; a JACK client that waits wakes for
each period, and takes less."""
LONGEST_STEP_SECONDS = 20.0
"""Seconds that a step may take. To start Python took 9 where 25 others wanted the two cores."""
LIFE_SECONDS = 60.0
"""Seconds after which the probe ends itself, whatever hangs."""


class Probe(msgspec.Struct):
    """What has been found of the MIDI system so far."""

    step: Step = "starting"
    """What is being done."""
    api: str = ""
    """The MIDI system that answers, by its name among the settings."""
    no_system: str = ""
    """Why none answers, and what to do."""
    inputs: list[str] = []
    outputs: list[str] = []
    wrong_ports: list[str] = []
    """What is wrong with the ports that the settings name, and what to do."""
    is_realtime: bool = False
    """Whether real-time priority was granted."""
    not_tried: str = ""
    """Why no notes were sent, where that is no fault."""
    sent: int = 0
    late_ms: list[float] = []
    """Of the notes that came back: how long they were on their way, in milliseconds."""
    ended: int = 0
    """Note-offs that came back."""
    advances: bool | None = None
    """Whether the JACK server plays audio frames; None where that wasn't asked."""
    is_pipewire: bool = False
    """Whether that is PipeWire."""
    period_ms: float = 0.0
    """The JACK server's audio period, in milliseconds."""


def probe(ports: Ports) -> tuple[Probe, End]:
    """Try the MIDI system. Returns what was found, and how the process came to its end.

    Args:
        ports: section `[ports]` of the settings.
    """
    said = None if os.environ.get(DEBUG) else subprocess.DEVNULL
    command = [sys.executable, "-m", __name__, msgspec.json.encode(ports).decode()]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
    lines: SimpleQueue[bytes] = SimpleQueue()
    assert process.stdout is not None  # noqa: S101
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    found = Probe()
    try:
        while line := _next_line(lines, process.pid):
            found = msgspec.json.decode(line, type=Probe)
        return found, "hangs" if line is None else "well" if found.step == "done" else "crashed"
    finally:
        with contextlib.suppress(psutil.Error):  # it has ended by itself
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait()


def _next_line(lines: SimpleQueue[bytes], pid: int) -> bytes | None:
    """Return what the process says next, b"" at its end; None where it hangs.

    Where others have the processor, it may take long over a step, but it goes on: then it is waited for.
    """
    worked, deadline = -1.0, clock.now() + LONGEST_STEP_SECONDS
    while (working := _seconds_worked(pid)) - worked > WORKING_SECONDS and clock.now() < deadline:
        worked = working
        try:
            return lines.get(timeout=STEP_SECONDS)
        except Empty:
            continue
    return None


def _seconds_worked(pid: int) -> float:
    """Return how long the processor has worked for a process and for those that it has started."""
    total = 0.0
    with contextlib.suppress(psutil.Error):  # gone meanwhile
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            total += sum(each.cpu_times()[:2])
    return total


def _read(source: IO[bytes], lines: SimpleQueue[bytes]) -> None:
    """Put the lines of `source` into a queue, and b"" at its end."""
    for line in source:
        lines.put(line)
    lines.put(b"")


def main() -> None:
    """Try the ports in the argument, section `[ports]` as JSON, and print what is found."""
    faulthandler.dump_traceback_later(LIFE_SECONDS, exit=True)  # should the doctor itself be killed
    ports = msgspec.json.decode(sys.argv[1], type=Ports)
    found = Probe()
    with priority.playing() as granted:
        found.is_realtime = granted
        for step in _steps(ports, found):
            found.step = step
            sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
            sys.stdout.buffer.flush()


def _steps(ports: Ports, found: Probe) -> Iterator[Step]:
    """Find out one thing after the other, and yield what is done next."""
    yield "asking"
    try:
        system, _ = find_system(ports.api)
    except UserError as error:
        found.no_system = str(error)
        yield "done"
        return
    there = list_ports(system)
    found.api, found.inputs, found.outputs = system, there.inputs, there.outputs
    yield "opening"
    found.wrong_ports = [*_wrong(system, "input", ports.input), *_wrong(system, "output", ports.output)]
    part = _loopback(there, ports.input) if system == "winmm" else ""
    if part is None:
        found.not_tried = "no note was sent: only a port that gives back what is sent to it could tell of it"
        yield "done"
        return
    monitor = JackServerMonitor("Antiphon doctor", lambda: None) if system == "jack" else None
    ears = _Ears(system, f"Antiphon doctor {os.getpid()}", part)
    time.sleep(SETTLE_SECONDS)
    yield "sending"
    frame = monitor.frame if monitor is not None else 0
    ears.play(found)
    if monitor is not None:
        found.advances, found.period_ms = monitor.frame != frame, monitor.period_ms
        found.is_pipewire = monitor.is_pipewire
    if found.late_ms or found.advances is not False:  # else it would hang
        yield "closing"
        ears.close()
    yield "done"


def _wrong(system: System, direction: Direction, part: str) -> Iterator[str]:
    """Yield why the port that the settings name can't be opened; "" names none."""
    if not part:
        return
    backend = load_backend()
    client = (backend.input if direction == "input" else backend.output)(system, "Antiphon doctor")
    with closing(client):
        try:
            open_port(client, system, direction, f"Antiphon doctor {direction}", part)
        except UserError as error:
            yield str(error)


def _loopback(there: PortNames, part: str) -> str | None:
    """Return a port that gives back what is sent to it, as loopMIDI's do, of those that are called so; None if none."""
    loops = [name for name in there.outputs if name in there.inputs]
    try:
        return find_port(loops, part, "input", numbered=True) if part else None
    except UserError:
        return None


class _Ears:
    """A port that is connected to the sender's: what it plays comes back here."""

    def __init__(self, system: System, name: str, part: str) -> None:
        """Start the sender, and listen to it.

        Args:
            system: that is to carry the notes.
            name: of the sender's virtual port.
            part: of an existing port's name that gives back what is sent to it, or "" for the virtual one.
        """
        command = [sys.executable, "-m", sender.__name__, system, name, part]
        self._sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._heard: list[tuple[float, Event]] = []
        self._is_complete = threading.Event()
        self._line()  # it is ready
        self._in = load_backend().input(system, f"{name} in", self._hear, clock=False)
        open_port(self._in, system, "input", f"{name} in", part or name)

    def play(self, found: Probe) -> None:
        """Have the notes played, and tell `found` what has come back."""
        assert self._sender.stdin is not None  # noqa: S101
        self._sender.stdin.write("play\n")
        self._sender.stdin.flush()
        sent = json.loads(self._line())
        self._is_complete.wait(PATIENCE)
        heard = list(self._heard)
        found.sent = len(sent)
        found.late_ms = [(time - sent[each.pitch]) * 1000 for time, each in heard if isinstance(each, NoteOn)]
        found.ended = sum(isinstance(each, NoteOff) for _, each in heard)

    def close(self) -> None:
        """Close both ports."""
        self._in.close()
        self._sender.communicate()

    def _hear(self, data: Sequence[int]) -> None:
        now, event = clock.now(), decode(data)
        if isinstance(event, NoteOn | NoteOff):
            self._heard.append((now, event))
        if len(self._heard) == 2 * sender.NOTES:
            self._is_complete.set()

    def _line(self) -> str:
        assert self._sender.stdout is not None  # noqa: S101
        return self._sender.stdout.readline()


if __name__ == "__main__":
    main()
