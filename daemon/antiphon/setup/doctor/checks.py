"""Checks: everything that the doctor looks at, one after the other."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from antiphon.midi.machine import look
from antiphon.midi.ports import free_name
from antiphon.recording.sessions import sessions_folder
from antiphon.settings import Ports, Settings
from antiphon.setup.doctor import limits, servers
from antiphon.setup.doctor.findings import Finding
from antiphon.setup.doctor.midi import midi_findings
from antiphon.setup.doctor.model import model_finding, speed_finding
from antiphon.setup.doctor.probe import Probe, probe

LEAST_DISK_MB = 200
"""A set of some hours takes a few megabytes; a disk that is as full as this is soon full."""
WRITTEN_BYTES = 64 * 1024
"""Bytes that are written to see whether there is room: an empty file fits on a full disk."""


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at everything.

    Args:
        settings: those that `antiphon run` would have.
    """
    yield Finding("Python", "good", f"{sys.version.split()[0]} in {sys.prefix}")
    model, musician = model_finding(settings)
    yield model
    if musician is not None:
        yield speed_finding(musician)
    found, end = probe(settings.ports)
    machine, server = look(), servers.running(found.is_pipewire)
    yield from midi_findings(found, end, machine, server)
    yield from _name(settings.ports, found)
    if (mine := limits.look(machine.user)) is not None:
        uses_jackd = found.api == "jack" and server is not None and server.name != "pipewire"
        yield from limits.limit_findings(mine, machine, found.is_realtime, uses_jackd)
    else:
        yield limits.granted_elsewhere(machine.system, found.is_realtime)
    yield _disk(sessions_folder(settings.sessions.folder), settings.sessions.record)


def _name(ports: Ports, found: Probe) -> Iterator[Finding]:
    """Yield that another Antiphon has the name, if it has."""
    name = free_name([*found.inputs, *found.outputs], ports.name, reserve=lambda _: True)
    if name != ports.name:
        says = f"another program has ports called {ports.name}, so this Antiphon's will be called {name}"
        yield Finding("ports' name", "could be better", says, "stop the other one, or choose a name with --name")


def _disk(folder: Path, records: bool) -> Finding:
    if not records:
        return Finding("recording", "good", "switched off")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # as the recorder would
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(WRITTEN_BYTES))
            file.flush()
        free = shutil.disk_usage(folder).free / 1e6
    except OSError as error:
        fix = "give another with [sessions] folder in config.toml, or play with --no-record"
        return Finding("recording", "could be better", f"{folder}: {error.strerror}; sets won't be kept", fix)
    says = f"in {folder}, {free / 1000:.1f} GB free"
    if free < LEAST_DISK_MB:
        return Finding("recording", "could be better", says, "make room on the disk")
    return Finding("recording", "good", says)
