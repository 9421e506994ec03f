"""Ports: the MIDI systems of this machine, what is connected to them, and which one is meant by a part of a name."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import FileIO
from itertools import chain, count
from pathlib import Path

from platformdirs import user_runtime_path

from antiphon.errors import UserError
from antiphon.files import lock, open_privately
from antiphon.midi import libjack
from antiphon.midi.backend import Client, Direction, MidiError, NoSystem, PortGone, PortInUse, Receive, System
from antiphon.midi.backends import load_backend
from antiphon.midi.machine import SEQUENCER, look, to_get_library, to_get_midi
from antiphon.quiet import silenced
from antiphon.settings import Api


class NoMidiSystem(UserError):
    """No MIDI system answers on this machine."""


class NoVirtualPorts(NoMidiSystem):
    """There are ports, but none of our own can be made: Windows."""

    def __init__(self) -> None:
        super().__init__(
            "Windows has no virtual ports; give --input and --output a loopback that the DAW uses too: 'App Loopback "
            "(B)' of Windows MIDI Services, with (A) for the DAW, or two of loopMIDI's (antiphon ports lists the names)"
        )


class InUse(UserError):
    """A port is there, but another program has it."""


@dataclass(frozen=True)
class PortNames:
    """The ports that other programs offer, by full name: `inputs` can be listened to, `outputs` played to."""

    inputs: list[str]
    outputs: list[str]


def choose_system(api: Api) -> System:
    """Return a MIDI system that answers on this machine.

    Raises:
        UserError: there is none; `find_system` says why.
    """
    return find_system(api)[0]


def find_system(api: Api) -> tuple[System, list[str]]:
    """Return a MIDI system that answers on this machine, and the ports that can be listened to.

    `auto` is the operating system's own: CoreMIDI, WinMM; on Linux what carries MIDI: PipeWire, where it runs, else
    ALSA's sequencer, else JACK.

    Raises:
        UserError: the one that was asked for is of another kind of machine.
        NoMidiSystem: it isn't there, or doesn't run; the message says what to install or start.
    """
    has_alsa = SEQUENCER.exists()
    if libjack.is_awaited() and (api == "jack" or (api == "auto" and not has_alsa)):
        raise _no_midi(api)
    try:
        compiled = load_backend().systems()
    except NoSystem as error:
        raise NoMidiSystem(f"there are no MIDI ports, since {error}; {to_get_library(look())}") from error
    wanted: Sequence[System]
    if api == "auto":
        lib = libjack.load()
        has_pipewire = lib is not None and libjack.is_pipewire(lib) and libjack.carries_midi(lib)
        first: tuple[System, ...] = ("jack",) if has_pipewire else ()
        order: tuple[System, ...] = (*first, "coremidi", "winmm", "alsa", "jack")
        # Asking ALSA where there is none prints noise of its own.
        wanted = [name for name in order if name in compiled and (name != "alsa" or has_alsa)]
    else:
        wanted = [api]
    for name in wanted:
        inputs = _inputs(name) if name in compiled else None
        if inputs is not None:
            return name, inputs
    if api != "auto" and api not in compiled:
        raise UserError(f"{api} is not a MIDI system of this machine; leave --api away, and it takes the one there is")
    raise _no_midi(api)


def _no_midi(api: Api) -> NoMidiSystem:
    missing = "no MIDI system answers" if api == "auto" else f"the MIDI system {api!r} doesn't answer"
    return NoMidiSystem(f"{missing} on this machine; {to_get_midi(look(), api)}")


def _inputs(system: System) -> list[str] | None:
    """Return what can be listened to in a MIDI system, or None if it doesn't answer."""
    try:
        with silenced():  # libjack says the same in five lines
            probe = load_backend().input(system, libjack.looker())
    except NoSystem:
        return None
    with closing(probe):
        return probe.ports()


def list_ports(system: System) -> PortNames:
    """Return the ports of other programs and devices."""
    backend = load_backend()
    with (
        closing(backend.input(system, libjack.looker())) as listener,
        closing(backend.output(system, libjack.looker())) as player,
    ):
        return PortNames(listener.ports(), player.ports())


_reserved: dict[str, FileIO] = {}
"""By name: the locks of this process, which end with it."""


def reserve(name: str) -> bool:
    """Keep a client's name for this process until it ends, however it ends; return whether no other one keeps it.

    Between the choice of a name and the opening of its ports another process may choose the same.
    """
    if name in _reserved:
        return True
    try:
        path = _lock_file(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = FileIO(path, "a+", opener=open_privately)
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


def is_an_antiphons(full_name: str) -> bool:
    """Return whether a port is one that an Antiphon has made: it keeps its name while it runs."""
    port = re.sub(r" \d+:\d+$", "", full_name).rpartition(":")[2]  # ALSA and JACK put the client's name before it
    return any(port.endswith(end) and _is_reserved(port.removesuffix(end)) for end in (" in", " out"))


def _is_reserved(name: str) -> bool:
    """Return whether a process keeps a client's name."""
    try:
        with FileIO(_lock_file(name)) as file:
            return not lock(file)
    except OSError:  # nobody ever has
        return False


def _lock_file(name: str) -> Path:
    # Each JACK server has names of its own.
    digest = hashlib.sha256(f"{os.environ.get('JACK_DEFAULT_SERVER', '')} {name}".encode()).hexdigest()
    return _runtime_folder() / f"{digest[:16]}.lock"


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
def open_input(system: System, name: str, part: str, receive: Receive) -> Iterator[str]:
    """Open only a port to listen to, yield its full name, and close it at the end.

    Args:
        system: where it is.
        name: Antiphon's, as other programs see it.
        part: a unique part of an existing port's name, or "" for a virtual one.
        receive: gets the messages.

    Raises:
        UserError: as `open_port`.
    """
    with closing(load_backend().input(system, f"{name} in", receive, clock=False)) as client:
        yield open_port(client, system, "input", f"{name} in", part)


def open_port(client: Client, system: System, direction: Direction, own_name: str, part: str) -> str:
    """Open a client's port, connected to an existing one or virtual, and return its full name.

    Args:
        client: whose port.
        system: of which it is a client.
        direction: what kind of client it is.
        own_name: of its port.
        part: a unique part of an existing one's name, or "" for a virtual port.

    Raises:
        InUse: another program has it.
        NoVirtualPorts: they are not to be had.
        UserError: there is no such port, or several, or it is gone.
    """
    if part:
        full_name = find_port(client.ports(), part, direction, numbered=system == "winmm")
        try:
            client.open(full_name, own_name)
        except PortGone:
            raise UserError(f"the {direction} port {full_name!r} is gone; is it still connected?") from None
        except PortInUse:
            raise InUse(
                f"the {direction} port {full_name!r} is in use: another program has it to itself; switch it off there "
                "(a DAW: in its MIDI settings), or quit that program"
            ) from None
        return full_name
    if system == "winmm":
        raise NoVirtualPorts
    try:
        client.open_virtual(own_name)
    except MidiError as error:
        raise UserError(f"can't open the virtual {direction} port {own_name!r} ({error})") from None
    return own_name


def find_port(names: Sequence[str], part: str, direction: Direction, numbered: bool = False) -> str:
    """Return the full name of the one port whose name holds `part`, in capitals or not.

    Args:
        names: full names of the ports that there are.
        part: of the name; a whole one is that port's alone, whatever others begin with it.
        direction: for the message.
        numbered: whether other programs show names with a number behind them (Windows); `part` may have one, too.

    Raises:
        UserError: none or several do; the message lists what there is.
    """
    found = [name for name in names if part.casefold() in name.casefold()]
    if numbered and not found:
        found = [name for name in names if name == re.sub(r" \d+$", "", part)]
    exact = [name for name in found if name == part]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    what = "no" if not found else "more than one"
    there = ", ".join(map(repr, found or names)) or "none"
    advice = "plug it in or start it" if not found else "say more of its name"
    raise UserError(f"{what} {direction} port has {part!r} in its name; there is: {there}; {advice}")
