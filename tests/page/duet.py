"""A scripted duet for the page to show: "Ode to Joy" in E flat, and an answer with the call's rhythm."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from antiphon.melody.reasons import ChosenAnswer, in_words
from antiphon.stage.messages import Expectation, Grid, NoteOff, NoteOn, PlanMade, PlannedNote
from tests.page.fake_daemon import FakeDaemon

BPM = 100.0
BEAT = 60 / BPM
CALL = [67, 67, 68, 70, 70, 68, 67, 65, 63, 63, 65, 67, 67, 65, 65]
ANSWER = [70, 70, 72, 70, 68, 67, 68, 70, 67, 65, 63, 65, 67, 65, 63]
LENGTHS = [1.0] * 12 + [1.5, 0.5, 2.0]
"""In beats."""
BARS = 4
_SURE = {0: [1 / 12] * 12, 4: [0.02, 0.2, 0.42, 0.2, 0.1, 0.02, 0.01, 0.01, 0.005, 0.005, 0.005, 0.005]}
_SURE |= {8: [0.01, 0.07, 0.83, 0.06, 0.02, 0.005, 0.001, 0.001, 0.001, 0.001, 0.0005, 0.0005]}
_SURE |= {12: [0.002, 0.01, 0.97, 0.015, 0.002, 0.0003, 0.0002, 0.0001, 0.0001, 0.0001, 0.0001, 0.0001]}


@dataclass(frozen=True)
class Cue:
    """What is said, so many beats after the beginning."""

    beat: float
    said: NoteOn | NoteOff | PlanMade | Expectation | dict[str, object]


def _notes(pitches: list[int], start: float) -> list[tuple[float, float, int]]:
    """Return (beat, end, pitch) of each note."""
    placed, beat = [], start
    for pitch, length in zip(pitches, LENGTHS, strict=True):
        placed.append((beat, beat + 0.9 * length, pitch))
        beat += length
    return placed


def script(start: float) -> list[Cue]:
    """Return the whole duet, in the order of time; its first downbeat is at `start` (seconds)."""

    def at(beat: float) -> float:
        return start + beat * BEAT

    answers = _notes(ANSWER, 4 * BARS + 2)
    planned = [PlannedNote(at(beat), at(end), pitch, 84) for beat, end, pitch in answers]
    cues = [Cue(-0.2, {"sharps": 0, "posterior": _SURE[0], "turn": "listening"})]
    for index, (beat, end, pitch) in enumerate(_notes(CALL, 0)):
        loudness = 92 if beat % 4 == 0 else 78
        cues += [Cue(beat, NoteOn("performer", at(beat), pitch, loudness, 1)),
                 Cue(end, NoteOff("performer", at(end), pitch, 1))]  # fmt: skip
        following = CALL[index + 1] if index + 1 < len(CALL) else 63
        others = [(following + 2, 0.17), (following - 1, 0.12), (following + 4, 0.06), (following - 3, 0.04)]
        cues.append(Cue(beat + 0.02, Expectation([(following, 0.55), *others])))
        if index in _SURE:
            cues.append(Cue(beat + 0.01, {"sharps": -3 if index else 0, "posterior": _SURE[index],
                                          "latency_ms": 0.6}))  # fmt: skip
    cues.append(Cue(4 * BARS + 1, PlanMade(planned)))
    chosen = ChosenAnswer(rhythm=1.0, turns=0.3, ending="tonic", candidates=32)
    cues.append(Cue(4 * BARS + 1.01, {"turn": "answering", "reason": chosen, "words": in_words(chosen)}))
    for index, (beat, end, pitch) in enumerate(answers):
        cues += [Cue(beat, NoteOn("answer", at(beat), pitch, 84, 1)), Cue(end, NoteOff("answer", at(end), pitch, 1)),
                 Cue(beat + 0.01, PlanMade(planned[index + 1 :]))]  # fmt: skip
    cues.append(Cue(answers[-1][1] + 0.1, {"turn": "listening"}))
    return sorted(cues, key=lambda cue: cue.beat)


def play(daemon: FakeDaemon, until: float = 4 * BARS * 2 + 4, stop: threading.Event | None = None) -> None:
    """Play the duet to every page, up to a beat."""
    start = daemon.now + 0.5
    daemon.change(grid=Grid(start, 0.0, BPM, 4.0, 16, True), bpm=BPM)
    for cue in script(start):
        if cue.beat > until or (stop is not None and stop.is_set()):
            return
        time.sleep(max(0.0, start + cue.beat * BEAT - daemon.now))  # music takes its time
        if isinstance(cue.said, dict):
            daemon.change(**cue.said)
        else:
            daemon.say(cue.said)
