"""Ports: the MIDI systems of this machine, what is connected to them, and opening what we listen and play to."""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from itertools import chain, count
from pathlib import Path
from typing import Any

import rtmidi
from platformdirs import user_runtime_path

from antiphon.errors import UserError
from antiphon.files import lock, open_privately
from antiphon.quiet import silenced
from antiphon.settings import Api

_APIS: dict[str, int] = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "jack": rtmidi.API_UNIX_JACK,
    "coremidi": rtmidi.API_MACOSX_CORE,
    "winmm": rtmidi.API_WINDOWS_MM,
}
_HOW_TO_GET_MIDI = {
    "linux": "load ALSA's sequencer (sudo modprobe snd-seq), or start JACK (sudo apt-get install jackd2, "
    "then jackd -d dummy, or PipeWire's pw-jack)",
    "darwin": "reinstall python-rtmidi with CoreMIDI",
    "win32": "reinstall python-rtmidi with WinMM",
}

IN_FLIGHT_SECONDS = 0.02
"""Seconds that a message which is on its way gets to arrive, before its port is closed."""

Receive = Callable[[tuple[list[int], float], Any], None]
"""What RtMidi calls on its own thread for each message: ((bytes, seconds since the last), data)."""


class NoMidiSystem(UserError):
    """No MIDI system answers on this machine."""


@dataclass(frozen=True)
class PortNames:
    """The ports that other programs offer, by full name: `inputs` can be listened to, `outputs` played to."""

    inputs: list[str]
    outputs: list[str]


def choose_api(api: Api) -> int:
    """Return RtMidi's number of a MIDI system that answers on this machine.

    Raises:
        UserError: there is none; `find_system` says why.
    """
    return find_system(api)[0]


def find_system(api: Api) -> tuple[int, list[str]]:
    """Return RtMidi's number of a MIDI system that answers on this machine, and the ports that can be listened to.

    `auto` is the operating system's own: CoreMIDI, WinMM, ALSA's sequencer; on Linux without one, JACK.

    Raises:
        UserError: the one that was asked for is of another kind of machine.
        NoMidiSystem: it isn't there, or doesn't run; the message says what to install or start.
    """
    compiled = rtmidi.get_compiled_api()
    if api == "auto":
        wanted = [name for name in ("coremidi", "winmm", "alsa", "jack") if _APIS[name] in compiled]
        # Asking ALSA where there is none prints noise of its own.
        if not Path("/dev/snd/seq").exists():
            wanted = [name for name in wanted if name != "alsa"]
    else:
        wanted = [api]
    for name in wanted:
        inputs = _inputs(_APIS[name]) if _APIS[name] in compiled else None
        if inputs is not None:
            return _APIS[name], inputs
    if api != "auto" and _APIS[api] not in compiled:
        raise UserError(f"{api} is not a MIDI system of this machine; leave --api away, and it takes the one there is")
    missing = "no MIDI system answers" if api == "auto" else f"the MIDI system {api!r} doesn't answer"
    raise NoMidiSystem(f"{missing} on this machine; {_HOW_TO_GET_MIDI.get(sys.platform, 'start one')}")


def _inputs(api: int) -> list[str] | None:
    """Return what can be listened to in a MIDI system, or None if it doesn't answer."""
    try:
        with silenced():  # libjack says the same in five lines
            probe = rtmidi.MidiIn(rtapi=api, name="Antiphon looks")
    except rtmidi.SystemError:
        return None
    names: list[str] = probe.get_ports()
    probe.delete()
    return names


def list_ports(api: int) -> PortNames:
    """Return the ports of other programs and devices."""
    with (
        _client(rtmidi.MidiIn, api, "Antiphon looks") as midi_in,
        _client(rtmidi.MidiOut, api, "Antiphon looks") as out,
    ):
        return PortNames(midi_in.get_ports(), out.get_ports())


_reserved: dict[str, FileIO] = {}
"""By name: the locks of this process, which end with it."""


def reserve(name: str) -> bool:
    """Keep a client's name for this process until it ends, however it ends; return whether no other one keeps it.

    Between the choice of a name and the opening of its ports another process may choose the same.
    """
    if name in _reserved:
        return True
    # Each JACK server has names of its own.
    digest = hashlib.sha256(f"{os.environ.get('JACK_DEFAULT_SERVER', '')} {name}".encode()).hexdigest()
    try:
        folder = _runtime_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = FileIO(folder / f"{digest[:16]}.lock", "a+", opener=open_privately)
        if not lock(file):
            file.close()
            return False
    except OSError:  # nowhere to write, or no locks: what the ports say must do
        return True
    _reserved[name] = file
    return True


def _runtime_folder() -> Path:
    with warnings.catch_warnings():
        # Where nobody is logged in, it is another one; that is no concern of the performer's.
        warnings.simplefilter("ignore", UserWarning)
        return user_runtime_path("antiphon", appauthor=False)


def free_name(names: list[str], name: str, reserve: Callable[[str], bool] = reserve) -> str:
    """Return a name for a client that none of these ports belongs to: `name`, or with a number from 2 on.

    JACK would call the second one "Antiphon in-01" and not say so.

    Args:
        names: of the ports that are there.
        name: the one that is wanted.
        reserve: takes a name, or says that somebody else has it.
    """

    def is_taken(candidate: str) -> bool:
        ours = f"{candidate} in", f"{candidate} out"
        return any(port in ours or port.startswith(tuple(f"{each}:" for each in ours)) for port in names)

    candidates = chain([name], (f"{name} {number}" for number in count(2)))
    return next(each for each in candidates if not is_taken(each) and reserve(each))


@contextmanager
def open_input(api: int, name: str, part: str, receive: Receive) -> Iterator[str]:
    """Open only a port to listen to, yield its full name, and close it at the end.

    `part` is a unique part of its name; `receive` is called on RtMidi's thread and must not block.
    """
    with _client(rtmidi.MidiIn, api, f"{name} in") as midi_in:
        found = find_port(midi_in.get_ports(), part, "input") if part else None
        midi_in.ignore_types(sysex=True, timing=True, active_sense=True)
        midi_in.set_callback(receive)
        full_name = open_port(midi_in, f"{name} in", found, "input")
        try:
            yield full_name
        finally:
            stop_callback(midi_in)


def stop_callback(midi_in: Any) -> None:
    """Take an RtMidi client's callback away, so that the client can be closed.

    A message may be on its way, and RtMidi's thread may be waiting for Python's lock to hand it to the callback.
    Closing a port holds that lock and waits for that thread: a deadlock. And cancelling a callback frees what the
    thread is about to call; so that is kept alive until the thread has had its turn.
    """
    kept = gc.get_referents(midi_in)
    midi_in.cancel_callback()
    time.sleep(IN_FLIGHT_SECONDS)
    del kept


def close_clients(midi_in: Any, *others: Any) -> None:
    """Close a client of RtMidi's that has a callback, and others with it."""
    stop_callback(midi_in)
    for client in (midi_in, *others):
        client.close_port()
        client.delete()


@contextmanager
def _client(kind: Any, api: int, name: str) -> Iterator[Any]:
    client = kind(rtapi=api, name=name)
    try:
        yield client
    finally:
        client.close_port()
        client.delete()


def open_port(client: Any, name: str, found: tuple[int, str] | None, direction: str) -> str:
    """Open a client's port, connected to an existing one or virtual, and return its full name.

    Args:
        client: of RtMidi.
        name: of a virtual port.
        found: number and full name of an existing one, or None.
        direction: "input" or "output".

    Raises:
        UserError: it is gone, or virtual ports are not to be had (Windows).
    """
    if found is not None:
        number, full_name = found
        try:
            client.open_port(number, name)
        except (rtmidi.InvalidPortError, rtmidi.SystemError):
            raise UserError(f"the {direction} port {full_name!r} is gone; is it still connected?") from None
        return full_name
    if sys.platform == "win32":
        raise UserError(
            "Windows has no virtual ports: install loopMIDI, make a port in it, and name it "
            "with --input and --output (antiphon ports lists the names)"
        )
    try:
        client.open_virtual_port(name)
    except rtmidi.SystemError as error:
        raise UserError(f"can't open the virtual {direction} port {name!r} ({error})") from None
    return name


def find_port(names: list[str], part: str, direction: str) -> tuple[int, str]:
    """Return the number and the name of the one port whose name holds `part`, in capitals or not.

    Raises:
        UserError: none or several do; the message lists what there is.
    """
    found = [(i, n) for i, n in enumerate(names) if part.casefold() in n.casefold()]
    exact = [(i, n) for i, n in found if n == part]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    what = "no" if not found else "more than one"
    there = ", ".join(repr(n) for n in ([n for _, n in found] or names)) or "none"
    advice = "plug it in or start it" if not found else "say more of its name"
    raise UserError(f"{what} {direction} port has {part!r} in its name; there is: {there}; {advice}")
