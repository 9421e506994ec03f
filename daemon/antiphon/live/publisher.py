"""The show: what pages see of a performance, made of what the playing thread knows and handed over at once.

Notes go when what they call for has left. All else is looked up in the gaps, when something has happened since, and
goes out where it differs from what was shown last.
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
from antiphon.live.programs import MODEL
from antiphon.melody.keys import major_name, parse_key
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn, Packet
from antiphon.parameters import AUTO
from antiphon.recording.record import NoRecord
from antiphon.stage import messages

LOOK_SECONDS = 0.05
"""From one look to the next, at least."""
CALM_SECONDS = 0.003
"""From a happening to the look at what it changed: what belongs together has come by then."""
LATENCIES = 32
"""Notes whose median the latency is."""


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
    clicks: int | None
    """The metronome's, where there is one."""

    def of(self, channel: int) -> messages.Part:
        """Return whose the notes on a channel are."""
        if channel == self.answer:
            return "answer"
        return "metronome" if channel == self.clicks else "thru"


@dataclass(frozen=True)
class Scene:
    """What the terminal shows."""

    state: messages.State
    played: int | None
    """The performer's latest note, and then the answer's, as MIDI pitches."""
    answered: int | None


class StatePublisher(NoRecord):
    """A record and a view of a performance. All calls come from the thread that plays.

    Args:
        put: takes messages, at once.
        table: which controller steers what; a pad that does is no note.
        parts: whose a note is.
        facts: what else is shown.
        looked: is told what was seen where it has changed.
    """

    def __init__(
        self,
        put: Put,
        table: ControlTable,
        parts: Parts,
        facts: Facts,
        looked: Callable[[Scene], None] | None = None,
    ) -> None:
        self._put = put
        self._table = table
        self._parts = parts
        self._facts = facts
        self._looked = looked
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._sounding: ActiveNotes[NoteOn] = ActiveNotes()
        self._next_look: float | None = 0.0
        self._looked_at = float("-inf")
        self._has_heard = self._is_foreseeing = self._has_changed = False
        # What is handed over wakes a thread, which the answer that is just being made would wait for.
        self._untold: list[messages.NoteOn | messages.NoteOff] = []
        self._latest: dict[messages.Part, int] = {}
        self._state: messages.State | None = None
        self._scene: Scene | None = None
        self._plan: messages.PlanMade | None = None

    # As a record

    def received(self, packet: Packet) -> None:
        """Show a note of the performer's."""
        note = packet.message
        if isinstance(note, NoteOn | NoteOff) and self._table.moved(note) is None:
            self._has_heard = True
            self._tell("performer", packet.time, note)

    def sent(self, packet: Packet) -> None:
        """Show a note that has left."""
        note = packet.message
        if isinstance(note, NoteOn):
            self._sounding.turn_on(note)
        elif isinstance(note, NoteOff):
            self._sounding.turn_off(note)
        else:
            return
        self._tell(self._parts.of(note.channel), packet.time, note)

    def happened(self, seconds: float, what: str) -> None:
        """Take note of another model that plays."""
        if what.startswith(MODEL):
            self._facts.model = what.removeprefix(MODEL)

    # As a view

    def end_notes(self, time: float) -> None:
        """Show that all that had left has ended, at a time in seconds."""
        for note_off in self._sounding.turn_all_off():
            self._tell(self._parts.of(note_off.channel), time, note_off)
        self._flush()

    def changed(self, time: float) -> None:
        """See `View`."""
        if self._next_look is None:
            self._next_look = max(self._looked_at + LOOK_SECONDS, time + CALM_SECONDS)
        self._has_changed = True
        self._flush()

    def answered(self, seconds: float) -> None:
        """See `View`."""
        self._latencies.append(seconds)

    def next_look(self) -> float | None:
        """See `View`."""
        return self._next_look

    def look(self, improviser: Improviser, time: float) -> None:
        """See `View`."""
        if self._is_foreseeing:  # a step of the model a look, so that a note needn't wait for more
            distribution = improviser.next_note_distribution()
            if distribution is None or not distribution.prepare():
                self._is_foreseeing = False
                pitches = () if distribution is None else distribution.pitches()
                self._put(messages.Expectation([(pitch, round(p, 4)) for pitch, p in pitches]))
                self._next_look = self._looked_at + LOOK_SECONDS if self._has_changed else None
            return
        self._looked_at, self._has_changed = time, False
        self._is_foreseeing, self._has_heard = self._has_heard, False
        self._next_look = time if self._is_foreseeing else None
        glance = improviser.snapshot()
        plan = messages.PlanMade([messages.PlannedNote(*each) for each in glance.planned])
        if plan != self._plan:
            self._plan = plan
            self._put(plan)
        state = self._state_of(glance)
        if state != self._state:
            self._state = state
            self._put(state)
        scene = Scene(state, self._latest.get("performer"), self._latest.get("answer"))
        if self._looked is not None and scene != self._scene:
            self._scene = scene
            self._looked(scene)

    def _tell(self, part: messages.Part, seconds: float, event: NoteOn | NoteOff) -> None:
        if isinstance(event, NoteOn):
            self._latest[part] = event.pitch
            self._untold.append(messages.NoteOn(part, seconds, event.pitch, event.velocity, event.channel))
        else:
            self._untold.append(messages.NoteOff(part, seconds, event.pitch, event.channel))

    def _flush(self) -> None:
        if self._untold:
            self._put(*self._untold)
            self._untold.clear()

    def _state_of(self, glance: Snapshot) -> messages.State:
        tempo, facts = glance.tempo, self._facts
        return messages.State(
            mode=glance.mode,
            turn="answering" if glance.turn.name == "ANSWERING" else "listening",
            temperature=round(glance.temperature, 3),
            density=round(glance.density, 3),
            lowest=glance.lowest,
            highest=glance.highest,
            mute=glance.is_muted,
            hold=glance.holds,
            bpm=round(tempo.bpm, 2),
            sync=glance.sync,
            clock=glance.health,
            key=_key(glance.locked, facts.key),
            sharps=glance.sharps,
            posterior=[round(each, 4) for each in glance.posterior],
            model=facts.model,
            models=facts.models,
            record=facts.record,
            midi=facts.midi,
            latency_ms=round(median(self._latencies) * 1000, 2) if self._latencies else None,
            grid=messages.Grid(tempo.time, tempo.step, tempo.bpm, tempo.steps_per_beat, glance.bar, glance.is_shared),
        )


def _key(locked: int | None, said: str) -> str:
    """Return a key that was locked as it was said, if it was; by its signature otherwise (Eb, not c minor)."""
    if locked is None:
        return AUTO
    return said if said != AUTO and parse_key(said) == locked else major_name(locked)
