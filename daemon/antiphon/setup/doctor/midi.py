"""MIDI: what the probe's notes prove about the MIDI system, and what mends it."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from antiphon.midi.machine import Machine
from antiphon.setup.doctor.findings import Finding, State
from antiphon.setup.doctor.probe import End, Probe
from antiphon.setup.doctor.servers import Server

FELT_MS = 5.0
"""Milliseconds; the way through the MIDI system. An answer takes two such ways, to Antiphon and back, and from 10 ms on
a keyboard player feels that (Wessel and Wright, "Problems and Prospects for Intimate Musical Control of Computers")."""
APART_MS = 30.0
"""Milliseconds; the latest note: from here on two that were struck together are no longer one chord to Antiphon."""
WRONG_STEP_MS = 31.0
"""Milliseconds; twice that is half a sixteenth at 120 BPM: a later answer is heard in the next step."""
PERIOD_MS = 5.0
"""Milliseconds; a JACK server's period from which on the period itself is what is felt: a note waits for up to two."""


def midi_findings(found: Probe, end: End, machine: Machine, server: Server | None) -> Iterator[Finding]:
    """Yield what the probe proves.

    Args:
        found: what it said last.
        end: how it came to its end.
        machine: this one.
        server: the process that carries JACK's MIDI, where it is known.
    """
    if found.step in ("starting", "asking") and end != "well":
        says = f"{server.name if server else 'the MIDI system'} doesn't answer: it {end}"
        yield Finding("MIDI system", "must be fixed", says, _restart(server))
        return
    if found.no_system:
        what, _, fix = found.no_system.partition("; ")
        yield Finding("MIDI system", "must be fixed", what, fix)
        return
    says = f"{found.api} answers; ports: {len(found.inputs)} to hear, {len(found.outputs)} to play to"
    yield Finding("MIDI system", "good", says)
    for wrong in found.wrong_ports:
        what, _, fix = wrong.rpartition("; ")
        yield Finding("port", "must be fixed", what, fix)
    loop = _loop(found, end, machine, server)
    yield loop
    if loop.state != "must be fixed" and found.api == "jack" and server is not None and server.is_asynchronous:
        says = "jackd is asynchronous: where another program keeps the processor busy, it loses notes"
        yield Finding("JACK server", "could be better", says, server.restart_with("--sync"))


def _loop(found: Probe, end: End, machine: Machine, server: Server | None) -> Finding:
    what = "MIDI loop"
    if found.not_tried:
        fix = "to try it, name one of loopMIDI's ports with --input"
        return Finding(what, "not tried", found.not_tried, fix)
    if found.advances is False and not found.late_ms:
        name = server.name if server else "the JACK server"
        says = f"{name} hangs: it plays no audio frames, and so carries no notes"
        return Finding(what, "must be fixed", says, _restart(server))
    if not found.sent:
        says = f"no notes could be sent: the MIDI system {end} as ports are opened"
        return Finding(what, "must be fixed", says, _restart(server))
    verdict = judge(found.sent, found.late_ms, found.ended)
    return Finding(what, verdict.state, verdict.says, _mend(verdict, found, machine, server))


def _mend(verdict: Verdict, found: Probe, machine: Machine, server: Server | None) -> str:
    """Return what mends what the notes say, for the cause that is the likeliest here."""
    if verdict.cause == "nothing":
        return _restart(server)
    if verdict.cause == "lost" and server is not None and server.is_asynchronous:
        return server.restart_with("--sync")
    if verdict.cause == "late" and found.period_ms > PERIOD_MS:
        return _shorter_period(found, machine, server)
    return "close other programs, and run antiphon doctor again" if verdict.cause else ""


def _shorter_period(found: Probe, machine: Machine, server: Server | None) -> str:
    """Return what makes the audio period of a JACK server shorter."""
    why = f"MIDI is handed over once in an audio period, here {found.period_ms:.0f} ms"
    if found.is_pipewire and machine.asked_of_pipewire:
        return f"{why}; you ask for it with {machine.asked_of_pipewire}; ask for 64/48000, or for nothing"
    if found.is_pipewire:
        if machine.has_pw_metadata:
            return (
                f"{why}; until PipeWire ends, this makes it shorter: pw-metadata -n settings 0 clock.force-quantum 64"
            )
        file = "~/.config/pipewire/pipewire.conf.d/antiphon.conf"
        return f"{why}; make it shorter: context.properties = {{ default.clock.quantum = 64 }} in {file}"
    if server is not None and server.name == "jackd":
        return f"{why}; {server.restart_with_period(64)} (128, where that crackles)"
    return f"{why}; make it shorter: 64 frames, or 128 where that crackles"


def _restart(server: Server | None) -> str:
    if server is not None:
        return server.restart()
    if sys.platform == "linux":
        return "end the JACK server, or PipeWire, and start it again"
    return "end all programs that use MIDI, and start them again; if that doesn't help, restart the computer"


@dataclass(frozen=True)
class Verdict:
    """What the notes that came back say."""

    state: State
    says: str
    cause: str = ""
    """Why it isn't good: "nothing", "lost" or "late"."""


def judge(sent: int, late_ms: list[float], ended: int) -> Verdict:
    """Judge what came back of notes that were sent through the MIDI system.

    Args:
        sent: notes, each of which was ended.
        late_ms: of the notes that came back, how long they took, in milliseconds.
        ended: note-offs that came back.
    """
    if not late_ms:
        return Verdict("must be fixed", f"none of {sent} notes came back", "nothing")
    typical, most = statistics.median(late_ms), max(late_ms)
    says = f"{len(late_ms)} of {sent} notes came back, {typical:.1f} ms later (p50), {most:.1f} ms at most"
    if len(late_ms) < sent:
        return Verdict("must be fixed", says, "lost")
    if ended < sent:
        return Verdict("must be fixed", f"{says}, but only {ended} of {sent} ended: the others would hang", "lost")
    if typical > WRONG_STEP_MS:
        return Verdict("must be fixed", f"{says}: an answer comes a step too late", "late")
    if typical > FELT_MS:
        return Verdict("could be better", f"{says}: there and back, you will feel that", "late")
    if most > APART_MS:
        return Verdict("could be better", f"{says}: some come so late that a chord falls apart", "late")
    return Verdict("good", says)
