"""The machine: what decides how MIDI is to be had on it, and what to do where no MIDI system answers."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from antiphon.midi import libjack

SEQUENCER = Path("/dev/snd/seq")
"""ALSA's sequencer: who can open this file has ALSA's MIDI."""
SYSTEMD = Path("/run/systemd/system")
"""Is there where systemd runs (sd_booted(3))."""
_INSTALL = {
    "apt-get": "apt-get install {apt}",
    "dnf": "dnf install {dnf}",
    "pacman": "pacman -S {pacman}",
    "zypper": "zypper install {zypper}",
    "apk": "apk add {apk}",
}
"""Program that installs packages → its command, with the package's name in its distribution."""
_JACK = {
    "apt": "jackd2",
    "dnf": "jack-audio-connection-kit",
    "pacman": "jack2",
    "zypper": "jack",
    "apk": "jack",
}
_PIPEWIRE_JACK = {
    "apt": "pipewire-jack",
    "dnf": "pipewire-jack-audio-connection-kit",
    "pacman": "pipewire-jack",
    "zypper": "pipewire-jack",
    "apk": "pipewire-jack",
}
_ALSA_LIBRARY = {
    "apt": "alsa-utils",  # the library's own package is named otherwise in each release
    "dnf": "alsa-lib",
    "pacman": "alsa-lib",
    "zypper": "libasound2",
    "apk": "alsa-lib",
}
"""What brings libasound.so.2, which python-rtmidi and supriya-midi need, be it for JACK alone."""
_ASKING = ("PIPEWIRE_QUANTUM", "PIPEWIRE_LATENCY")


@dataclass(frozen=True)
class Machine:
    """What of a machine and its user decides which advice is true there."""

    system: str = sys.platform
    """As `sys.platform` has it."""
    user: str = ""
    """The user's name; "" where the system knows none."""
    is_root: bool = False
    has_sudo: bool = False
    installer: str = ""
    """The program that installs packages, of those in `_INSTALL`; "" for another one."""
    sequencer: Literal["open", "closed", "missing"] = "missing"
    """Whether this process may open ALSA's sequencer."""
    sequencer_group: str = ""
    """The group whose members may open the sequencer; "" where a group is no help."""
    is_in_group: bool = False
    """Whether the user has been put into that group, though the session may be older than that."""
    has_sequencer_module: bool = False
    """Whether the kernel has ALSA's sequencer as a module that can be loaded."""
    has_sound_card: bool = False
    has_pipewire: bool = False
    """Whether PipeWire runs for this user."""
    has_pw_jack: bool = False
    finds_pipewire_jack: bool = False
    """Whether Antiphon finds PipeWire's libjack by itself, so that pw-jack, which shows it to programs, is no help."""
    has_systemd: bool = False
    """Whether systemd starts this machine's services."""
    has_pw_metadata: bool = False
    asked_of_pipewire: str = ""
    """The audio period that the environment asks PipeWire for, as VARIABLE=VALUE; `pw-jack -p` sets one."""
    has_jackd: bool = False
    bootstrap: str = ""
    """The checkout's `bootstrap.py`; "" where Antiphon was installed, or the checkout is another user's."""

    def as_root(self, command: str) -> str:
        """Return a command for a shell that only root may run, as this user can give it."""
        if self.is_root:
            return command
        return f"sudo {command}" if self.has_sudo else f"{command} (as root)"

    def install(self, packages: dict[str, str]) -> str:
        """Return the command that installs a package, given its name in each distribution; "" where none is known."""
        command = _INSTALL.get(self.installer)
        return self.as_root(command.format(**packages)) if command else ""


def look() -> Machine:
    """Return what this machine is like, as this process sees it."""
    if sys.platform == "win32" or sys.platform == "darwin":
        return Machine()
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user that nobody has named
        user = ""
    sequencer, group, is_in_group = _sequencer(user)
    return Machine(
        user=user,
        is_root=os.geteuid() == 0,
        has_sudo=shutil.which("sudo") is not None,
        installer=next(filter(shutil.which, _INSTALL), ""),
        sequencer=sequencer,
        sequencer_group=group,
        is_in_group=is_in_group,
        has_sequencer_module=_has_module("snd-seq"),
        has_sound_card=any(Path("/dev/snd").glob("controlC*")),
        has_pipewire=_does_pipewire_answer(),
        has_pw_jack=shutil.which("pw-jack") is not None,
        finds_pipewire_jack=libjack.finds_pipewire(),
        has_systemd=SYSTEMD.is_dir(),
        has_pw_metadata=shutil.which("pw-metadata") is not None,
        asked_of_pipewire=next((f"{name}={os.environ[name]}" for name in _ASKING if _is_asked_by_user(name)), ""),
        has_jackd=shutil.which("jackd") is not None,
        bootstrap=_bootstrap(),
    )


def to_get_midi(machine: Machine, api: str) -> str:
    """Return what to do where a MIDI system doesn't answer.

    Args:
        machine: the one where it doesn't.
        api: the one that was asked for, or "auto".
    """
    if machine.system == "darwin":
        return "CoreMIDI is part of macOS: end MIDIServer in Activity Monitor, it starts again by itself"
    if machine.system == "win32":
        return "WinMM is part of Windows: sign out and in again, and look whether other programs find MIDI ports"
    if api == "alsa":
        return _to_get_alsa(machine)
    if api == "jack":
        return _to_get_jack(machine)
    if machine.sequencer == "closed":
        return _to_get_alsa(machine)
    if machine.has_pipewire:
        return _to_get_jack(machine)
    if machine.has_sound_card and machine.has_sequencer_module:
        return f"{_to_get_alsa(machine)}; or {_to_get_jack(machine)}"
    return _to_get_jack(machine)


def to_get_library(machine: Machine) -> str:
    """Return what to do where the library of ALSA is missing; a Linux machine without a desktop may have none."""
    if machine.sequencer == "missing" and not machine.has_pipewire and not machine.has_jackd:
        return f"install JACK, which brings it: {machine.install(_JACK) or 'jackd'}"
    return f"install ALSA's library: {machine.install(_ALSA_LIBRARY) or 'libasound.so.2'}"


def to_open_sequencer(machine: Machine) -> str:
    """Return what lets this user open ALSA's sequencer, where it is there and may not be opened."""
    if not machine.sequencer_group:
        return f"only its owner may open {SEQUENCER}; until the next start this lets all users: " + machine.as_root(
            f"chmod a+rw {SEQUENCER}"
        )
    if machine.is_in_group:
        return f"log out and in again: you are in the group {machine.sequencer_group}, but this session began before"
    return f"{to_join(machine, machine.sequencer_group)}, then log out and in again"


def to_join(machine: Machine, group: str) -> str:
    """Return the command that puts the user into a group."""
    return machine.as_root(f"usermod -aG {group} {machine.user or '$(whoami)'}")


def _to_get_alsa(machine: Machine) -> str:
    if machine.sequencer == "closed":
        return to_open_sequencer(machine)
    if machine.sequencer == "open":
        return f"{SEQUENCER} can be opened, so leave --api away, or look for what ALSA says in: dmesg"
    if machine.has_sequencer_module:
        return f"load ALSA's sequencer: {machine.as_root('modprobe snd-seq')}"
    return "this kernel has no sequencer (module snd-seq), so leave --api alsa away and take JACK"


def _to_get_jack(machine: Machine) -> str:
    if machine.has_pipewire:
        if machine.finds_pipewire_jack:
            how = ": systemctl --user restart pipewire" if machine.has_systemd else ""
            return f"PipeWire runs, but its JACK lets nobody in; start PipeWire again{how}"
        if machine.has_pw_jack:
            return "PipeWire runs, so start it as: pw-jack antiphon run --api jack"
        install = machine.install(_PIPEWIRE_JACK)
        return f"PipeWire runs, but not its JACK: {install or 'install its JACK (pipewire-jack)'}"
    if machine.has_sound_card:
        start = "jackd --sync -d alsa"
    elif machine.bootstrap and (machine.has_jackd or (machine.is_root and machine.installer == "apt-get")):
        return f"without sound hardware, start it with: python3 {machine.bootstrap} run (it starts a JACK server)"
    else:
        start = "jackd --sync -d dummy -p 64"
    if machine.has_jackd:
        return f"start a JACK server: {start}"
    return f"install JACK ({machine.install(_JACK) or 'jackd'}), then start it: {start}"


def _sequencer(user: str) -> tuple[Literal["open", "closed", "missing"], str, bool]:
    """Return whether the sequencer can be opened, the group that may, and whether the user was put into it."""
    import grp

    try:
        seen = SEQUENCER.stat()
    except OSError:
        return "missing", "", False
    if os.access(SEQUENCER, os.R_OK | os.W_OK):
        return "open", "", False
    try:
        group = grp.getgrgid(seen.st_gid)
    except KeyError:
        return "closed", "", False
    may = seen.st_mode & 0o060 == 0o060 and group.gr_gid != 0
    return "closed", group.gr_name if may else "", user in group.gr_mem


def _has_module(name: str) -> bool:
    """Return whether the running kernel has a module that can be loaded."""
    modules = Path("/lib/modules", os.uname().release, "modules.dep")
    try:
        return f"/{name}.ko" in modules.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _does_pipewire_answer() -> bool:
    """Return whether PipeWire's socket is there and somebody listens: the file outlives a server that was killed."""
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    name = os.environ.get("PIPEWIRE_REMOTE") or "pipewire-0"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as client:
            client.connect(str(Path(folder, name)))
    except OSError:
        return False
    return True


def _is_asked_by_user(name: str) -> bool:
    """Return whether a variable asks PipeWire for a period other than what Antiphon asks for by itself."""
    return os.environ.get(name, "") not in ("", libjack.LATENCY)


def _bootstrap() -> str:
    script = Path(__file__).parents[3] / "bootstrap.py"
    return str(script) if script.is_file() and os.access(script.parent, os.W_OK) else ""
