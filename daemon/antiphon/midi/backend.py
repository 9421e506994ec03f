"""MIDI as Antiphon needs it: ports that are listed and opened by their full names, and messages in and out.

What is behind it is a library, chosen in `backends`. Nothing else in Antiphon knows which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

System = Literal["alsa", "jack", "coremidi", "winmm"]
"""A MIDI system: ALSA's sequencer, JACK (PipeWire's too), CoreMIDI, or Windows MultiMedia."""
Direction = Literal["input", "output"]

Receive = Callable[[Sequence[int]], None]
"""Is called with the bytes of each message, on the library's own thread, and must not block."""


class MidiError(Exception):
    """The MIDI system has refused something, or has ended."""


class NoSystem(MidiError):
    """The MIDI system doesn't answer."""


class PortGone(MidiError):
    """There is no port of that full name (any more)."""


class PortInUse(MidiError):
    """The port is there and can't be opened; on Windows that is because another program has it."""


class Client(Protocol):
    """A client of a MIDI system, which has one port of its own once it is opened.

    None tells when other ports come or go, since RtMidi doesn't: `ports` must be asked for again and again.
    """

    def ports(self) -> list[str]:
        """Return the full names of the ports that this one could be connected to, each different from the others.

        Ports of this process are not among them.

        Raises:
            MidiError: the system has ended.
        """

    def open(self, full_name: str, own_name: str) -> None:
        """Open a port that is connected to another one, which is looked up now.

        Args:
            full_name: one of `ports()`.
            own_name: of this client's port.

        Raises:
            PortGone: it isn't there.
            PortInUse: it is there, and can't be opened.
        """

    def open_virtual(self, own_name: str) -> None:
        """Open a port that other programs can connect to.

        Raises:
            MidiError: it can't be opened; Windows MultiMedia has none.
        """

    def close_port(self) -> None:
        """Close the port, if there is one, whatever arrives meanwhile; another may be opened then."""

    def close(self) -> None:
        """Close port and client; the client can't be used any more."""

    def leak(self) -> None:
        """Keep the client from ever being closed by itself, not even as the program ends.

        A client of a server that was killed looks alive to RtMidi, and closing it may crash or hang.
        """


class Input(Client, Protocol):
    """A client that listens. It has been given who receives."""


class Output(Client, Protocol):
    """A client that plays."""

    def send(self, data: bytes) -> None:
        """Send one whole message.

        Raises:
            MidiError: the system has ended.
        """


class Backend(Protocol):
    """A library that opens MIDI ports."""

    name: str
    """The distribution's, as it is installed."""
    extension: str
    """The file of its compiled part, through which the libraries are found that come with it."""

    def systems(self) -> Sequence[System]:
        """Return the MIDI systems that it was compiled for; they need not be there."""

    def input(self, system: System, client_name: str, receive: Receive | None = None, clock: bool = True) -> Input:
        """Become a client that listens.

        Args:
            system: of which to become a client.
            client_name: what other programs see.
            receive: gets the messages, but for system exclusive and active sensing; None to look at ports only.
            clock: whether MIDI clock and its like are received too.

        Raises:
            NoSystem: it doesn't answer.
        """

    def output(self, system: System, client_name: str) -> Output:
        """Become a client that plays; see `input`."""
