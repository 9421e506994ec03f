"""Ports: the MIDI systems of this machine, what is connected to them, and opening what we listen and play to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rtmidi

from antiphon.errors import UserError
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

Receive = Callable[[tuple[list[int], float], Any], None]
"""What RtMidi calls on its own thread for each message: ((bytes, seconds since the last), data)."""


@dataclass(frozen=True)
class PortNames:
    """The ports that other programs offer, by full name: `inputs` can be listened to, `outputs` played to."""

    inputs: list[str]
    outputs: list[str]


@dataclass(frozen=True)
class OpenPorts:
    """Both ports, open. `input_name` and `output_name` are what the user sees in other programs."""

    input_name: str
    output_name: str
    send: Callable[[list[int]], None]


def choose_api(api: Api) -> int:
    """Return RtMidi's number of a MIDI system that answers on this machine.

    `auto` is the operating system's own: CoreMIDI, WinMM, ALSA's sequencer; on Linux without one, JACK.

    Raises:
        UserError: it isn't there, or doesn't run; the message says what to install or start.
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
        if _APIS[name] in compiled and _answers(_APIS[name]):
            return _APIS[name]
    missing = "no MIDI system answers" if api == "auto" else f"the MIDI system {api!r} doesn't answer"
    raise UserError(f"{missing} on this machine; {_HOW_TO_GET_MIDI.get(sys.platform, 'start one')}")


def _answers(api: int) -> bool:
    try:
        with silenced():  # libjack says the same in five lines
            probe = rtmidi.MidiIn(rtapi=api, name="Antiphon looks")
    except rtmidi.SystemError:
        return False
    probe.delete()
    return True


def list_ports(api: int) -> PortNames:
    """Return the ports of other programs and devices."""
    with (
        _client(rtmidi.MidiIn, api, "Antiphon looks") as midi_in,
        _client(rtmidi.MidiOut, api, "Antiphon looks") as out,
    ):
        return PortNames(midi_in.get_ports(), out.get_ports())


@contextmanager
def open_ports(api: int, name: str, input_part: str, output_part: str, receive: Receive) -> Iterator[OpenPorts]:
    """Open a port to listen to and one to play to, and close both at the end.

    Args:
        api: RtMidi's number of the MIDI system.
        name: what other programs see of virtual ports.
        input_part: a unique part of an existing port's name, or "" for a virtual port; `output_part` likewise.
        receive: is called on RtMidi's thread and must not block.

    Raises:
        UserError: there is no such port, or several, or virtual ports are not to be had (Windows).
    """
    # The objects stay referenced here as long as the ports are open: RtMidi closes what is collected.
    with _client(rtmidi.MidiOut, api, f"{name} out") as out, _client(rtmidi.MidiIn, api, f"{name} in") as midi_in:
        # Both are looked for before either is there itself.
        found_in = _find(midi_in, input_part, "input")
        found_out = _find(out, output_part, "output")
        output_name = _open(out, f"{name} out", found_out, "output")
        midi_in.ignore_types(sysex=True, timing=False, active_sense=True)
        midi_in.set_callback(receive)
        input_name = _open(midi_in, f"{name} in", found_in, "input")
        try:
            yield OpenPorts(input_name, output_name, out.send_message)
        finally:
            # RtMidi can deadlock when a port is closed under a callback.
            midi_in.cancel_callback()


@contextmanager
def open_input(api: int, name: str, part: str, receive: Receive) -> Iterator[str]:
    """Open only a port to listen to, yield its full name, and close it at the end; see `open_ports`."""
    with _client(rtmidi.MidiIn, api, f"{name} in") as midi_in:
        found = _find(midi_in, part, "input")
        midi_in.ignore_types(sysex=True, timing=True, active_sense=True)
        midi_in.set_callback(receive)
        full_name = _open(midi_in, f"{name} in", found, "input")
        try:
            yield full_name
        finally:
            midi_in.cancel_callback()


@contextmanager
def _client(kind: Any, api: int, name: str) -> Iterator[Any]:
    client = kind(rtapi=api, name=name)
    try:
        yield client
    finally:
        client.close_port()
        client.delete()


def _find(client: Any, part: str, direction: str) -> tuple[int, str] | None:
    return find_port(client.get_ports(), part, direction) if part else None


def _open(client: Any, name: str, found: tuple[int, str] | None, direction: str) -> str:
    """Open an existing port or a virtual one and return its full name."""
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
    raise UserError(f"{what} {direction} port has {part!r} in its name; there is: {there}")
