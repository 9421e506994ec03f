"""The doctor: what would stop a set on this machine, in plain words, and the command that fixes it."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from antiphon.errors import UserError
from antiphon.live.priority import REALTIME_PRIORITY
from antiphon.midi.ports import choose_system, list_ports
from antiphon.musician import Musician, load_musician
from antiphon.recording.sessions import sessions_folder
from antiphon.settings import Settings

State = Literal["good", "could be better", "must be fixed"]

OLDEST_PYTHON, LAST_WITH_WHEELS = (3, 11), (3, 12)
LEAST_DISK_MB = 200
"""A set of some hours takes a few megabytes; a disk that is as full as this is soon full."""
SLOW_STEP_US = 300.0
"""A step of the model that takes longer than this, in microseconds, can be felt in the answer."""


class Finding(msgspec.Struct, frozen=True):
    """What the doctor found in one place."""

    what: str
    state: State
    says: str
    fix: str = ""
    """The command, or the step, that fixes it."""


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one after the other.

    Args:
        settings: those that `antiphon run` would have.
    """
    yield _python()
    model, musician = _model(settings)
    yield model
    if musician is not None:
        yield _speed(musician)
    yield from _midi(settings)
    yield from _permissions()
    yield _disk(sessions_folder(settings.sessions.folder), settings.sessions.record)


def must_be_fixed(found: list[Finding]) -> bool:
    """Return whether something would stop a set."""
    return any(finding.state == "must be fixed" for finding in found)


def lines(found: list[Finding]) -> Iterator[str]:
    """Yield the findings, a line each, and under it what to do."""
    marks = {"good": "✓", "could be better": "·", "must be fixed": "✗"}
    for finding in found:
        yield f"{marks[finding.state]} {finding.what}: {finding.says}"
        if finding.fix:
            yield f"    → {finding.fix}"
    yield "Something must be fixed before a set." if must_be_fixed(found) else "Nothing would stop a set."


def _python() -> Finding:
    version = sys.version_info[:2]
    says = f"{sys.version.split()[0]} in {sys.prefix}"
    if version < OLDEST_PYTHON:
        return Finding("Python", "must be fixed", says, "install Python 3.12 and run python3.12 bootstrap.py run")
    if version > LAST_WITH_WHEELS:
        return Finding("Python", "good", f"{says}; python-rtmidi was built from source for it")
    return Finding("Python", "good", says)


def _model(settings: Settings) -> tuple[Finding, Musician | None]:
    try:
        musician = load_musician(settings)
    except UserError as error:
        fix = "take another one with --model, or convert it again with antiphon-trainer convert"
        return Finding("model", "must be fixed", str(error), fix), None
    manifest = musician.bundle.manifest
    says = f"{musician.bundle.name}, {manifest.context}, {manifest.vocabulary_size} symbols; its checksums agree"
    return Finding("model", "good", says), musician


def _speed(musician: Musician) -> Finding:
    model = musician.model
    state, token = model.initial_state(1), np.zeros(1, np.int32)
    taken = []
    for _ in range(200):
        start = time.perf_counter()
        _, state = model.step(token, state)
        taken.append((time.perf_counter() - start) * 1e6)
    median = statistics.median(taken)
    says = f"a step of the model takes {median:.0f} µs"
    if median > SLOW_STEP_US:
        return Finding("speed", "could be better", says, "close other programs; antiphon bench measures the rest")
    return Finding("speed", "good", f"{says}; antiphon bench measures the rest")


def _midi(settings: Settings) -> Iterator[Finding]:
    ports = settings.ports
    try:
        there = list_ports(choose_system(ports.api))
    except UserError as error:
        what, _, fix = str(error).partition("; ")
        yield Finding("MIDI system", "must be fixed", what, fix)
        return
    yield Finding("MIDI system", "good", f"answers; {len(there.inputs)} ports to hear, {len(there.outputs)} to play to")
    for part, names, option in ((ports.input, there.inputs, "--input"), (ports.output, there.outputs, "--output")):
        if part and not any(part.casefold() in name.casefold() for name in names):
            says = f"no port has {part!r} in its name ({option})"
            yield Finding("port", "must be fixed", says, "plug it in or start it; antiphon ports lists what there is")
    ours = [
        name for name in (*there.inputs, *there.outputs) if f"{ports.name} in" in name or f"{ports.name} out" in name
    ]
    if ours:
        says = f"another program has ports called {ports.name}: {', '.join(sorted(set(ours)))}"
        yield Finding("ports' name", "could be better", says, "stop the other Antiphon, or start this one with --name")
    if sys.platform == "win32" and not (ports.input and ports.output):
        says = "Windows has no virtual ports"
        yield Finding("ports", "must be fixed", says, "install loopMIDI, and name its ports with --input and --output")


def _permissions() -> Iterator[Finding]:
    if sys.platform != "linux":
        return
    import grp
    import resource

    sequencer = Path("/dev/snd/seq")
    if sequencer.exists() and not os.access(sequencer, os.R_OK | os.W_OK):
        fix = f"sudo usermod -aG audio {os.environ.get('USER', '$USER')}, then log in again"
        yield Finding("ALSA's sequencer", "must be fixed", f"{sequencer} can't be opened by this user", fix)
    soft, _ = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if os.geteuid() == 0 or soft == resource.RLIM_INFINITY or soft >= REALTIME_PRIORITY:
        yield Finding("real-time priority", "good", "granted: other programs can't hold a note up")
        return
    groups = {group.gr_name for group in grp.getgrall()}
    group = next((name for name in ("realtime", "audio") if name in groups), "audio")
    says = f"not granted (the limit rtprio is {soft}): a busy machine may hold a note up for some milliseconds"
    line = f"@{group} - rtprio 95"
    fix = f"echo '{line}' | sudo tee /etc/security/limits.d/antiphon.conf; sudo usermod -aG {group} $USER; log in again"
    yield Finding("real-time priority", "could be better", says, fix)


def _disk(folder: Path, records: bool) -> Finding:
    if not records:
        return Finding("recording", "good", "switched off")
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free / 1e6
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # as the recorder would
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        fix = "give another with [sessions] folder in config.toml, or play with --no-record"
        return Finding("recording", "could be better", f"{folder}: {error.strerror}; sets won't be kept", fix)
    says = f"in {folder}, {free / 1000:.1f} GB free"
    if free < LEAST_DISK_MB:
        return Finding("recording", "could be better", says, "make room on the disk")
    return Finding("recording", "good", says)
