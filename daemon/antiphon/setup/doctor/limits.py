"""Limits: what Linux grants this user, of which a player of notes has need, and how more is had."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from antiphon.live.priority import REALTIME_PRIORITY
from antiphon.midi.machine import Machine, to_join
from antiphon.setup.doctor.findings import Finding

FOLDER = Path("/etc/security/limits.d")
"""Where pam_limits reads, at login, what is granted."""
FILE = FOLDER / "antiphon.conf"
JACK_MEMORY_MB = 128
"""A JACK client keeps the server's shared memory, about 100 MB, from being swapped out."""
USUAL = ("realtime", "audio")
"""Groups of people who play; others are of one program."""
_KB = 1024
_LATE = "a busy machine may hold a note up for some milliseconds"


@dataclass(frozen=True)
class Grant:
    """A limit that pam_limits gives to some groups."""

    item: str
    """As pam_limits calls it."""
    wanted: str
    """What to write for it."""
    groups: Sequence[str] = ()
    """Those whose members get enough of it at login."""
    has_joined: bool = False
    """Whether the user has been put into one of them, though the session may be older than that."""


@dataclass(frozen=True)
class Limits:
    """What this process may have."""

    rtprio: float
    """The highest real-time priority."""
    memlock_mb: float
    """Memory that may be kept from being swapped out; infinite without a limit."""
    has_swap: bool = True
    priority: Grant = Grant("rtprio", "95")
    memory: Grant = Grant("memlock", "unlimited")
    groups: Sequence[str] = ()
    """Names of all groups."""
    has_folder: bool = True
    """Whether limits are given by files in `FOLDER`."""


def look(user: str) -> Limits | None:
    """Return the limits of this process, and what `user` gets at login; None on other systems than Linux."""
    if sys.platform != "linux":
        return None
    import grp
    import resource

    rtprio, memlock = (
        math.inf if limit == resource.RLIM_INFINITY else limit
        for limit, _ in map(resource.getrlimit, (resource.RLIMIT_RTPRIO, resource.RLIMIT_MEMLOCK))
    )
    members = {group.gr_name: group.gr_mem for group in grp.getgrall()}
    text = "\n".join(_texts())

    def grant(item: str, wanted: str, least: float) -> Grant:
        there = [group for group in granted(text, item, least) if group in members]
        there.sort(key=lambda group: group not in USUAL)
        return Grant(item, wanted, there, any(user in members[group] for group in there))

    return Limits(
        rtprio,
        memlock / 1e6,
        psutil.swap_memory().total > 0,
        grant("rtprio", "95", REALTIME_PRIORITY),
        grant("memlock", "unlimited", JACK_MEMORY_MB * _KB),
        list(members),
        FOLDER.is_dir(),
    )


def granted_elsewhere(system: str, is_realtime: bool) -> Finding:
    """Return whether another system than Linux grants priority, which needs no limits there."""
    what = "real-time priority"
    if is_realtime:
        return Finding(what, "good", "granted: other programs can't hold a note up")
    services = "start the service Multimedia Class Scheduler (services.msc)" if system == "win32" else ""
    return Finding(what, "could be better", f"refused: {_LATE}", services or "close other programs")


def limit_findings(limits: Limits, machine: Machine, is_realtime: bool, uses_jackd: bool) -> Iterator[Finding]:
    """Yield what the limits mean for playing.

    Args:
        limits: this process's.
        machine: this one.
        is_realtime: whether real-time priority was granted when it was asked for.
        uses_jackd: whether MIDI goes through a jackd, whose clients lock memory.
    """
    what = "real-time priority"
    if is_realtime:
        yield Finding(what, "good", "granted: other programs can't hold a note up")
    elif machine.is_root or limits.rtprio >= REALTIME_PRIORITY:
        says = f"refused, though the limits allow it: {_LATE}"
        fix = "this container or service lacks the right CAP_SYS_NICE; give it, as docker run --cap-add SYS_NICE does"
        yield Finding(what, "could be better", says, fix)
    else:
        says = f"not granted (the limit rtprio is {limits.rtprio}): {_LATE}"
        yield Finding(what, "could be better", says, _to_get(limits.priority, limits, machine))
    if uses_jackd and limits.has_swap and limits.memlock_mb < JACK_MEMORY_MB and not machine.is_root:
        says = f"JACK needs 100 MB that are never swapped out, and may have {limits.memlock_mb:.0f} (the limit memlock)"
        yield Finding("locked memory", "could be better", says, _to_get(limits.memory, limits, machine))


def _to_get(grant: Grant, limits: Limits, machine: Machine) -> str:
    """Return what gives this user a limit, as far as the system doesn't give it already."""
    if grant.has_joined:
        return f"log out and in again: you are in a group that gets it at login ({', '.join(grant.groups)})"
    if grant.groups:
        return f"{to_join(machine, grant.groups[0])}; then log out and in again"
    if not limits.has_folder:
        return f"have {grant.item} {grant.wanted} granted to you; this system has no {FOLDER} for it"
    group = next((name for name in USUAL if name in limits.groups), "")
    line = f"{f'@{group}' if group else machine.user} - {grant.item} {grant.wanted}"
    write = f"echo '{line}' | sudo tee -a {FILE}" if machine.has_sudo else f"echo '{line}' >> {FILE} (as root)"
    join = f"; {to_join(machine, group)}" if group else ""
    return f"{write}{join}; then log out and in again"


def granted(text: str, item: str, least: float) -> Iterator[str]:
    """Yield the groups to which lines of pam_limits grant at least so much of an item."""
    for group, amount in re.findall(rf"^\s*@(\S+)\s+(?:-|soft)\s+{item}\s+(\S+)", text, re.MULTILINE):
        if amount in ("unlimited", "infinity", "-1") or (amount.isdigit() and int(amount) >= least):
            yield group


def _texts() -> Iterator[str]:
    for file in (FOLDER.parent / "limits.conf", *sorted(FOLDER.glob("*.conf"))):
        try:
            yield file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
