"""The state publisher: shows a performance on pages and at the terminal, by what the playing thread knows of it.

Notes are handed over once the answer to them has left. All else is looked up in gaps of the playing, when something
has happened since the last look, and is sent where it differs from what was sent last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import ControlTable
from antiphon.improviser.snapshot import Snapshot
from antiphon.melody.keys import major_name, parse_key
from antiphon.melody.reasons import in_words
from antiphon.melody.swing import swing_name
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameters import AUTO
from antiphon.recording.entries import Entry, Received, Sent
from antiphon.stage import messages

LOOK_SECONDS = 0.05
"""Seconds from one look to the next, at least."""
CALM_SECONDS = 0.003
"""Seconds from when something happens to the look at what it changed: what belongs together has come by then."""
LATENCIES = 32
"""Answered notes of whose latencies the median is shown."""


class Put(Protocol):
    """Takes messages, at once."""

    def __call__(self, *given: messages.ToServer) -> None:
        """Take messages."""


@dataclass
class Facts:
    """What the improviser doesn't know of itself; the playing thread reads it, any may change it."""

    model: str
    models: list[str]
    midi: messages.Midi | None
    key: str = AUTO
    """The setting, as it was said."""
    record: bool = False


@dataclass(frozen=True)
class Parts:
    """Whose a note that leaves is."""

    answer: int
    """The answer's channel, 1…16."""
    accompaniment: int
    """The accompaniment's."""
    clicks: int | None
    """The metronome's, where there is one."""

    def of(self, channel: int) -> messages.Part:
        """Return whose the notes on a channel are."""
        if channel in (self.answer, self.accompaniment):
            return "answer"
        return "metronome" if channel == self.clicks else "thru"


@dataclass(frozen=True)
class Scene:
    """What the terminal shows."""

    state: messages.State
    played: int | None
    """The performer's latest note, and then the answer's, as MIDI pitches."""
    answered: int | None


class StatePublisher:
    """A record and a view of a performance. All calls come from the thread that plays.

    Args:
        put: takes messages, at once.
        table: which controller steers what; a pad that does is no note.
        parts: whose a note is.
        facts: what else is shown.
        show_scene: is told what the terminal shows, where it has changed.
    """

    def __init__(
        self,
        put: Put,
        table: ControlTable,
        parts: Parts,
        facts: Facts,
        show_scene: Callable[[Scene], None] | None = None,
    ) -> None:
        self._put = put
        self._table = table
        self._parts = parts
        self._facts = facts
        self._show_scene = show_scene
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._sounding: ActiveNotes[NoteOn] = ActiveNotes()
        self._next_look: float | None = 0.0
        self._looked_at = float("-inf")
        self._has_heard = self._is_predicting = self._has_changed = False
        # What is handed over wakes a thread, which the answer that is just being made would wait for.
        self._waiting_notes: list[messages.NoteOn | messages.NoteOff] = []
        self._latest: dict[messages.Part, int] = {}
        self._state: messages.State | None = None
        self._scene: Scene | None = None
        self._plan: messages.PlanMade | None = None

    # As a record

    def enter(self, seconds: float) -> float:
        """Return the time as it is."""
        return seconds

    def add(self, seconds: float, entry: Entry) -> None:
        """Show a note of the performer's, or one that has left."""
        match entry:
            case Received(message=NoteOn() | NoteOff() as note) if self._table.moved(note) is None:
                self._has_heard = True
                self._show("performer", seconds, note)
            case Sent(message=NoteOn() as note):
                self._sounding.turn_on(note)
                self._show(self._parts.of(note.channel), seconds, note)
            case Sent(message=NoteOff() as note):
                self._sounding.turn_off(note)
                self._show(self._parts.of(note.channel), seconds, note)

    # As a view

    def end_notes(self, time: float) -> None:
        """Show that all that had left has ended, at a time in seconds."""
        for note_off in self._sounding.turn_all_off():
            self._show(self._parts.of(note_off.channel), time, note_off)
        self._flush()

    def changed(self, time: float) -> None:
        """Send the notes that wait, and look soon at what else has changed."""
        if self._next_look is None:
            self._next_look = max(self._looked_at + LOOK_SECONDS, time + CALM_SECONDS)
        self._has_changed = True
        self._flush()

    def answered(self, seconds: float) -> None:
        """Count an answer's latency, in seconds."""
        self._latencies.append(seconds)

    def next_look(self) -> float | None:
        """Return when to look next; None where nothing has happened since."""
        return self._next_look

    def look(self, improviser: Improviser, time: float) -> None:
        """Look at the improviser, at a time in seconds, and send what has changed."""
        if self._is_predicting:  # a step of the model a look, so that a note needn't wait for more
            distribution = improviser.next_note_distribution()
            if distribution is None or not distribution.prepare():
                self._is_predicting = False
                pitches = () if distribution is None else distribution.pitches()
                self._put(messages.Expectation([(pitch, round(p, 4)) for pitch, p in pitches]))
                self._next_look = self._looked_at + LOOK_SECONDS if self._has_changed else None
            return
        self._looked_at, self._has_changed = time, False
        self._is_predicting, self._has_heard = self._has_heard, False
        self._next_look = time if self._is_predicting else None
        snapshot = improviser.snapshot()
        plan = messages.PlanMade([messages.PlannedNote(*each) for each in snapshot.planned])
        if plan != self._plan:
            self._plan = plan
            self._put(plan)
        state = self._state_of(snapshot)
        if state != self._state:
            self._state = state
            self._put(state)
        scene = Scene(state, self._latest.get("performer"), self._latest.get("answer"))
        if self._show_scene is not None and scene != self._scene:
            self._scene = scene
            self._show_scene(scene)

    def _show(self, part: messages.Part, seconds: float, event: NoteOn | NoteOff) -> None:
        if isinstance(event, NoteOn):
            self._latest[part] = event.pitch
            self._waiting_notes.append(messages.NoteOn(part, seconds, event.pitch, event.velocity, event.channel))
        else:
            self._waiting_notes.append(messages.NoteOff(part, seconds, event.pitch, event.channel))

    def _flush(self) -> None:
        if self._waiting_notes:
            self._put(*self._waiting_notes)
            self._waiting_notes.clear()

    def _state_of(self, snapshot: Snapshot) -> messages.State:
        tempo, bar, facts = snapshot.tempo, snapshot.heard_bar, self._facts
        return messages.State(
            mode=snapshot.mode,
            turn="answering" if snapshot.turn.name == "ANSWERING" else "listening",
            knobs={name: round(value, 3) for name, value in snapshot.knobs.items()},
            mute=snapshot.is_muted,
            hold=snapshot.holds,
            bpm=round(tempo.bpm, 2),
            sync=snapshot.sync,
            clock=snapshot.health,
            key=_key(snapshot.locked, facts.key),
            swing=swing_name(snapshot.swing),
            heard_swing=round(100 * snapshot.heard_swing, 1),
            accompaniment=snapshot.accompaniment,
            tempo_certainty=None if snapshot.tempo_certainty is None else round(snapshot.tempo_certainty, 2),
            heard_bar=bar and messages.HeardBar(bar.beats, round(bar.certainty, 2)),
            sharps=snapshot.sharps,
            posterior=[round(each, 4) for each in snapshot.posterior],
            model=facts.model,
            models=facts.models,
            record=facts.record,
            midi=facts.midi,
            latency_ms=round(median(self._latencies) * 1000, 2) if self._latencies else None,
            grid=messages.Grid(
                tempo.time, tempo.step, tempo.bpm, tempo.steps_per_beat, snapshot.bar, snapshot.is_shared
            ),
            learned=messages.Learned(snapshot.learned.notes, round(snapshot.learned.gain, 2), snapshot.learned.quoted),
            reason=snapshot.reason,
            words=in_words(snapshot.reason),
        )


def _key(locked: int | None, said: str) -> str:
    """Return a key that was locked as it was said, if it was; by its signature otherwise (Eb, not c minor)."""
    if locked is None:
        return AUTO
    return said if said != AUTO and parse_key(said) == locked else major_name(locked)
