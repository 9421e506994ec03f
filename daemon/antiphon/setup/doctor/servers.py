"""Servers: the processes that carry JACK's MIDI between programs, and how each is started again."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import psutil

from antiphon.midi.machine import SYSTEMD

NAMES = ("jackd", "jackdbus", "pipewire")
DEFAULT = "default"
"""The JACK server's name where none is given."""


@dataclass(frozen=True)
class Server:
    """A process that is one of `NAMES`."""

    name: str
    pid: int
    arguments: Sequence[str]
    """Its command line."""
    is_stopped: bool = False
    """Whether a signal has stopped it, as Ctrl-Z does."""
    has_systemd: bool = False
    """Whether systemd starts this machine's services."""

    @property
    def is_asynchronous(self) -> bool:
        """Whether it is a jackd that goes on without clients that are late, and so loses what they send."""
        options = own_options(self.arguments)
        is_sync = any(each == "--sync" or re.fullmatch(r"-[rRvsST]*S[rRvsST]*", each) for each in options)
        return self.name == "jackd" and not is_sync

    def restart(self) -> str:
        """Return how it is made to go on, or started again."""
        if self.is_stopped:
            return f"a signal has stopped {self.name}, as Ctrl-Z does; let it go on: kill -CONT {self.pid}"
        if self.name == "pipewire" and self.has_systemd:
            return "start it again: systemctl --user restart pipewire"
        if self.name == "jackdbus":
            return "start it again: jack_control exit; jack_control start"
        return f"end it and start it again: kill -KILL {self.pid}; {shlex.join(self.arguments)}"

    def restart_with(self, option: str) -> str:
        """Return how a jackd is started again with another option of its own."""
        program, *others = self.arguments
        return f"end it (kill {self.pid}) and start it so: {shlex.join([program, option, *others])}"

    def restart_with_period(self, frames: int) -> str:
        """Return how a jackd is started again with another audio period, of so many frames."""
        own = [self.arguments[0], *own_options(self.arguments)]
        drivers = [*self.arguments[len(own) :]]
        for i in reversed(range(len(drivers))):
            if named := re.match(r"-p(?!\w*[a-z])|--period", drivers[i]):
                del drivers[i : i + (2 if named.end() == len(drivers[i]) else 1)]
        return f"end it (kill {self.pid}) and start it so: {shlex.join([*own, *drivers, '-p', str(frames)])}"


def own_options(arguments: Sequence[str]) -> Sequence[str]:
    """Return jackd's own options: behind `-d` there are the driver's, and one letter means different things there."""
    driver = next((i for i, each in enumerate(arguments) if re.match(r"-d|--driver", each)), len(arguments))
    return arguments[1:driver]


def server_name(arguments: Sequence[str]) -> str:
    """Return the name that a jackd was given on its command line, or ""."""
    options = own_options(arguments)
    for option, value in zip_longest(options, options[1:], fillvalue=""):
        if option in ("-n", "--name"):
            return value
        if named := re.match(r"--name=|-n", option):
            return option[named.end() :]
    return ""


def running(is_pipewire: bool = False) -> Server | None:
    """Return the server that this environment's JACK programs use; None where none is seen, or it may be several.

    Args:
        is_pipewire: whether it is known to be PipeWire; else it may be where no jackd of the right name runs.
    """
    wanted = os.environ.get("JACK_DEFAULT_SERVER") or DEFAULT
    seen = list(_seen())
    jackds = [server for server, name in seen if server.name != "pipewire" and name == wanted and not is_pipewire]
    if jackds:
        return jackds[0] if len(jackds) == 1 else None
    return next((server for server, _ in seen if server.name == "pipewire"), None)


def _seen() -> Iterator[tuple[Server, str]]:
    """Yield the servers that serve this user, each with its name among JACK's."""
    me = psutil.Process().username()
    has_systemd = SYSTEMD.is_dir()
    for process in psutil.process_iter():
        try:
            if process.name() in NAMES and (process.name() != "pipewire" or process.username() == me):
                arguments = process.cmdline()
                name = server_name(arguments) or _environment(process).get("JACK_DEFAULT_SERVER") or DEFAULT
                is_stopped = process.status() == psutil.STATUS_STOPPED
                yield Server(process.name(), process.pid, arguments, is_stopped, has_systemd), name
        except psutil.Error:  # gone meanwhile, or nobody may look
            continue


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except psutil.AccessDenied:  # another user's
        return {}
