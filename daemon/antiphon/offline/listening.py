"""Listening: what is heard in a MIDI file, note by note, without an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

from antiphon.improviser.events import TempoChange
from antiphon.improviser.listening.heard_grid import SOON
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.tempo.inferred_bar import BarGuess
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.keys import signature_name
from antiphon.midi.messages import NoteOff, NoteOn, Transport
from antiphon.musician import Musician
from antiphon.offline.file_tempo import FileTempo
from antiphon.offline.progress import with_progress
from antiphon.recording.performance_file import Performance

HEADING = "time (s)   step  pitch  symbol   bits     BPM   beat   sure  phrase  swing  triplet  key"


@dataclass(frozen=True)
class ListenedNote:
    """A note of the melody, and where it stands in time."""

    note: HeardNote
    bpm: float
    """The tempo in use once it was heard, in quarter notes a minute."""
    beat: float
    """In its bar, in beats (dotted quarters in 6/8, 9/8 and 12/8) from 1: from the barline, or, where nobody hears it,
    from the phrase's start."""
    knows_bar: bool
    """Whether `beat` counts from the barline."""
    starts_phrase: bool
    swing: float
    """Percent of the beat before an eighth off the beat, as it is heard by then; 50 while nothing swings."""
    triplet: bool
    """It is one of three in a beat."""
    next_beat: float
    """When the next beat comes, in seconds; an answer could start there."""
    beat_certainty: float
    """Probability that a beat is there; 1 where the performer hears the grid."""
    bar: BarGuess | None
    """The bar that the playing shows so far, in beats of the grid; None before the second note."""

    def as_json(self) -> dict[str, Any]:
        """Return it for `listen --json`."""
        note = self.note
        return {
            "time": round(note.time, 6),
            **{name: getattr(note, name) for name in ("step", "pitch", "symbol", "sharps")},
            "bits": round(note.bits, 4),
            "bpm": round(self.bpm, 2),
            "beat": round(self.beat, 4),
            "knows_bar": self.knows_bar,
            "starts_phrase": self.starts_phrase,
            "swing": round(self.swing, 1),
            "triplet": self.triplet,
            "next_beat": round(self.next_beat, 4),
            "beat_certainty": round(self.beat_certainty, 3),
            "bar_beats": self.bar and self.bar.beats,
            "bar_certainty": self.bar and round(self.bar.certainty, 3),
        }

    def as_line(self) -> str:
        """Return it as a row below `HEADING`."""
        note, phrase = self.note, "starts" if self.starts_phrase else ""
        return (
            f"{note.time:8.3f}  {note.step:5}  {note.pitch:5}  {note.symbol:>6}  {note.bits:5.2f}  {self.bpm:6.1f}  "
            f"{self.beat:5.2f}  {self.beat_certainty:5.0%}  {phrase:<6}  "
            f"{self.swing:4.0f} %  {'3' if self.triplet else '':<7}  {signature_name(note.sharps)}"
        )


def listen(
    musician: Musician, performance: Performance, bpm: float | None, memory: Memory | None = None
) -> list[ListenedNote]:
    """Hear a performance from a file without answering. Only the melody is there.

    Args:
        musician: a loaded model; its settings say what the tempo follows.
        performance: the file.
        bpm: a tempo to begin with in place of the file's, or None.
        memory: learns what is heard; None is one that ends with the performance.
    """
    play = musician.settings.play
    tempo = FileTempo(play.sync, bpm, play.bpm)
    timekeeper = musician.timekeeper(tempo.first_bpm, start=0.0)
    listener = musician.listener(timekeeper)
    if memory is not None:
        listener.learners.take(memory)
    may_be_melody = musician.routing().may_be_melody
    heard: list[ListenedNote] = []
    for time, event in with_progress(tempo.events(performance), performance.path.name):
        if isinstance(event, NoteOn | NoteOff):
            if not may_be_melody(event):
                continue
            move = listener.note_on if isinstance(event, NoteOn) else listener.note_off
            note = move(time, event.pitch)
            if isinstance(note, WithdrawnNote) or (note is not None and note.replaces):
                heard.pop()
            if isinstance(note, HeardNote):
                if note.ends_triplet:
                    heard[-3:] = [replace(each, triplet=True) for each in heard[-3:]]
                heard.append(_listened(note, listener, timekeeper))
        elif isinstance(event, TempoChange):
            timekeeper.change_tempo(time, event.bpm)
        elif isinstance(event, get_args(Transport)):
            jump = timekeeper.hear_transport(time, event)
            if jump is not None:
                listener.move_grid(jump)
    listener.finish()
    return heard


def _listened(note: HeardNote, listener: Listener, timekeeper: Timekeeper) -> ListenedNote:
    note = listener.recalled(note)
    tempo, onset = timekeeper.tempo, listener.onset or 0
    place = timekeeper.place(onset)
    steps = (onset - listener.phrase) % timekeeper.bar if place is None else place.position
    soon = note.time + SOON
    return ListenedNote(
        note=note,
        bpm=tempo.bpm,
        beat=1 + steps / timekeeper.beat,
        knows_bar=place is not None,
        starts_phrase=onset == listener.phrase,
        swing=100 * listener.grid.swing,
        triplet=False,
        next_beat=listener.grid.next_beat_time(soon),
        beat_certainty=listener.grid.beat_certainty(soon),
        bar=listener.bar_guess(),
    )
