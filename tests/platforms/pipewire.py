"""A duet on PipeWire, as a program: it starts PipeWire and Antiphon, plays to it, and says what came of it.

    python pipewire.py duet [--pw-jack] [--api auto]       40 notes, one by one
    python pipewire.py restart [--named]                   PipeWire is killed and started again, twice
    python pipewire.py run COMMAND …                       any program beside PipeWire, as on a desktop without jackd

It must run in a PID namespace of its own (`unshare --pid --fork --kill-child --mount-proc`), with a Python that has
Antiphon installed; nothing else is needed of the checkout, so it runs in a root of another system as well. It needs no
systemd, no session bus and no sound hardware. A duet's result is an object of JSON in the last line of its output.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

NOTES = 40
PATIENCE = 20.0
"""Seconds after which what must come never will."""
ANSWER_SECONDS = 2.0
"""Seconds after which an answer is lost."""
PACE = 0.06
"""Seconds from note to note: nearer ones would be a chord."""
LIBJACK = "/usr/lib/*-linux-gnu/pipewire-0.3/jack/libjack.so.0"
JACK = 3
"""RtMidi's number of JACK."""


class PipeWire:
    """PipeWire, and WirePlumber where it is installed, with a runtime folder of their own."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        self._folder = folder
        for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            os.environ[name] = str(folder)
        os.environ["JACK_DEFAULT_SERVER"] = "antiphon-none"  # a jackd of this machine's user is no part of the test
        # None is started: PipeWire and WirePlumber do without.
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={folder}/no-bus"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        """Start it, and wait until it lets clients in."""
        socket = self._folder / "pipewire-0"
        socket.unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            for program in ("pipewire", "wireplumber"):
                if shutil.which(program):
                    self._processes.append(subprocess.Popen([program], stdout=log, stderr=log))
                wait_until(socket.exists, "PipeWire's socket")

    def kill(self) -> None:
        """Kill it, as a crash would."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()

    def log(self) -> str:
        """Return what it said."""
        return (self._folder / "log").read_text(errors="replace")


class Player:
    """A program with a keyboard and a synthesiser on JACK ports: `Stage keys` and `Stage synth`."""

    def __init__(self) -> None:
        self._heard: SimpleQueue[tuple[float, list[int]]] = SimpleQueue()
        self._in, self._out = clients("Stage synth", "Stage keys", self._hear)

    def connect(self, name: str) -> None:
        """Plug cables into the daemon's ports."""
        self._out.open_port(_number(self._out.get_ports(), f"{name} in"), "keys")
        self._in.open_port(_number(self._in.get_ports(), f"{name} out"), "synth")

    def offer(self) -> None:
        """Open ports that others connect to."""
        self._out.open_virtual_port("keys")
        self._in.open_virtual_port("synth")

    def settle(self) -> None:
        """Play until an answer comes: a connection carries notes from some cycle on, and nothing says from which."""
        wait_until(lambda: self.play(1) != [None], "the first answer")

    def play(self, notes: int) -> list[float | None]:
        """Play notes one by one; return how many milliseconds later each was answered, None where it wasn't."""
        with punctual():
            return [self._round_trip(60 + (0, 2, 4, 5, 7)[number % 5]) for number in range(notes)]

    def _round_trip(self, pitch: int) -> float | None:
        while not self._heard.empty():
            self._heard.get()
        start = time.perf_counter()
        self._out.send_message([0x91, pitch, 80])
        try:
            while True:
                came, message = self._heard.get(timeout=ANSWER_SECONDS)
                if message[0] & 0xF0 == 0x90 and message[2]:
                    return (came - start) * 1000
        except Empty:
            return None
        finally:
            self._out.send_message([0x81, pitch, 0])
            time.sleep(PACE)

    def _hear(self, message: list[int]) -> None:
        self._heard.put((time.perf_counter(), message))


@contextmanager
def punctual() -> Iterator[None]:
    """Let this thread come before whatever else the machine does, where that is granted.

    PipeWire waits for nobody: where this thread were held up with Python's lock, the one that hears would be late for
    its cycle, and what came in it would be lost.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(4))
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


forsaken: list[Player] = []
"""Those whose server is gone: to close them would hang or crash."""


def clients(listener: str, player: str, hear: Callable[[list[int]], None]) -> tuple[Any, Any]:
    """Return two clients of RtMidi's, by whichever package this Python has; they are Antiphon's own in no way."""
    try:
        import rtmidi
    except ImportError:
        import supriya_midi

        midi_in = supriya_midi.MidiIn(supriya_midi.RtMidiAPI(JACK), listener)
        midi_in.set_callback(lambda message, _seconds, _data: hear(list(message)))
        return midi_in, supriya_midi.MidiOut(supriya_midi.RtMidiAPI(JACK), player)
    midi_in = rtmidi.MidiIn(JACK, listener)
    midi_in.set_callback(lambda event, _data: hear(event[0]))
    return midi_in, rtmidi.MidiOut(JACK, player)


def _number(ports: list[str], part: str) -> int:
    found = [number for number, name in enumerate(ports) if part in name]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} ports have {part!r} in their names; there are: {ports}")
    return found[0]


class Daemon:
    """`antiphon run`, and what it says."""

    def __init__(self, *options: str, wrapper: tuple[str, ...] = ()) -> None:
        run = (sys.executable, "-m", "antiphon", "run", "--no-stage", "--no-record", "--mode", "next-note")
        play = ("--when", "now", "--bpm", "400", "--seed", "1", "--name", "Duet")
        self.process = subprocess.Popen(
            [*wrapper, *run, *play, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []
        self._lines: SimpleQueue[str] = SimpleQueue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line.strip() or " ")
        self._lines.put("")

    def wait_for(self, part: str) -> None:
        """Wait until it says a line with this in it."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except Empty:
                line = ""
            if not line:
                raise SystemExit(f"it didn't say {part!r}, but: {self.said}; exit code {self.process.poll()}")
            self.said.append(line)
            if part in line:
                return

    def stop(self) -> int:
        """End it; return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait for something that nobody tells of."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.01)


@contextmanager
def pipewire() -> Iterator[PipeWire]:
    """Run PipeWire."""
    with tempfile.TemporaryDirectory(prefix="antiphon-pipewire-") as folder:
        server = PipeWire(Path(folder))
        try:
            yield server
        except SystemExit:
            sys.stderr.write(server.log()[-2000:])
            raise
        finally:
            server.kill()


def libjack() -> str:
    """Load PipeWire's libjack before any other; return what it says of itself. It is asked for no short cycles."""
    (path,) = Path("/").glob(LIBJACK[1:])
    lib = ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
    lib.jack_get_version_string.restype = ctypes.c_char_p
    return str(lib.jack_get_version_string().decode())


def report(daemon: Daemon, trips: list[float | None], server: str) -> dict[str, Any]:
    """Return what came of a duet."""
    came = [trip for trip in trips if trip is not None]
    return {
        "played": len(trips),
        "answered": len(came),
        "lost": [number for number, trip in enumerate(trips, start=1) if trip is None],
        "median_ms": round(statistics.median(came), 2) if came else None,
        "exit": daemon.stop(),
        "said": daemon.said,
        "server": server,
    }


def duet(api: str, wrapper: tuple[str, ...]) -> dict[str, Any]:
    """Play notes one by one to a daemon on virtual ports."""
    with pipewire():
        daemon = Daemon("--api", api, wrapper=wrapper)
        daemon.wait_for("Ctrl-C")
        version = libjack()
        player = Player()
        player.connect("Duet")
        player.settle()
        return report(daemon, player.play(NOTES), version)


def restart(named: bool, wrapper: tuple[str, ...]) -> dict[str, Any]:
    """Kill PipeWire in mid-session and start it again, twice; play before, between and after."""
    options = ("--input", "Stage keys", "--output", "Stage synth") if named else ()
    with pipewire() as server:
        version = libjack()
        player = Player()
        if named:
            player.offer()
        daemon = Daemon("--api", "jack", *options, wrapper=wrapper)
        daemon.wait_for("Ctrl-C")
        trips: list[float | None] = []
        for remaining in (2, 1, 0):
            if not named:
                player.connect("Duet")
            player.settle()
            trips += player.play(NOTES // 4)
            if not remaining:
                break
            forsaken.append(player)
            server.kill()
            daemon.wait_for("the JACK server has ended")
            server.start()
            daemon.wait_for("the JACK server is back")
            player = Player()
            if named:
                player.offer()
                for _ in ("input", "output"):  # whichever is looked for first
                    daemon.wait_for("is back")
        return report(daemon, trips, version)


def main() -> None:
    """Play the scenario that the options name, and print what came of it."""
    if sys.argv[1:2] == ["run"]:
        with pipewire():
            sys.exit(subprocess.run(sys.argv[2:], check=False).returncode)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=("duet", "restart", "run"))
    parser.add_argument("--pw-jack", action="store_true", help="start Antiphon with PipeWire's pw-jack")
    parser.add_argument("--api", default="jack", help="as antiphon's own")
    parser.add_argument("--named", action="store_true", help="Antiphon connects itself to the player's ports, by name")
    options = parser.parse_args()
    wrapper = ("pw-jack",) if options.pw_jack else ()
    found = duet(options.api, wrapper) if options.scenario == "duet" else restart(options.named, wrapper)
    print(json.dumps(found), flush=True)  # noqa: T201
    os._exit(0)  # clients of a dead server are not to be closed, not even at the interpreter's end


if __name__ == "__main__":
    main()
