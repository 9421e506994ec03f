"""A melody as files: MIDI to hear, MusicXML to read, a piano roll to look at.

The same melody gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido

from antiphon.files import write_whole
from antiphon.melody.grid import STEP, STEPS_PER_BEAT, Note
from antiphon.melody.keys import spelled
from antiphon.melody.metre import TimeSignature
from antiphon.offline.piano_roll import PERFORMER_COLOUR, Part, TimeAxis, draw_piano_roll

_TICKS = 480
"""Ticks per quarter note of a MIDI file."""
_VELOCITY = 80
_ENCODING_DATE = re.compile(r"\s*<encoding-date>.*?</encoding-date>")
_PART = re.compile(r"P[0-9a-f]{32}")
"""The name that music21 gives a part, a random one every time."""


@dataclass(frozen=True)
class Piece:
    """A melody with its title, metre, key and tempo."""

    title: str
    notes: Sequence[Note]
    metre: TimeSignature
    sharps: int
    """The key signature, −5…6."""
    bpm: float
    """Quarter notes per minute."""


def write_midi(path: Path, piece: Piece) -> None:
    """Write a MIDI file; it lasts until the last note or rest ends."""
    track = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name=piece.title),
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(piece.bpm)),
            mido.MetaMessage("time_signature", numerator=piece.metre.beats, denominator=piece.metre.unit),
        ]
    )
    waited = 0
    for note in piece.notes:
        ticks = note.steps * _TICKS // STEPS_PER_BEAT
        if note.pitch is None:
            waited += ticks
            continue
        track.append(mido.Message("note_on", note=note.pitch, velocity=_VELOCITY, time=waited))
        track.append(mido.Message("note_off", note=note.pitch, velocity=0, time=ticks))
        waited = 0
    track.append(mido.MetaMessage("end_of_track", time=waited))
    file = mido.MidiFile(type=0, ticks_per_beat=_TICKS, charset="utf-8", tracks=[track])
    write_whole(path, file.save)


def write_score(path: Path, piece: Piece) -> None:
    """Write a MusicXML score; notes over a barline are tied, pitches are spelled for the key."""
    from music21 import metadata, stream
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    score: Any = stream.Score(id="score")
    score.metadata = metadata.Metadata(title=piece.title, composer="Antiphon")
    score.append(_part(piece).makeNotation())
    text = GeneralObjectExporter(score).parse().decode("utf-8")
    write_whole(path, lambda beside: beside.write_bytes(_PART.sub("P1", _ENCODING_DATE.sub("", text)).encode()))


def _part(piece: Piece) -> Any:
    from music21 import key, meter, stream, tempo

    part: Any = stream.Part(id="melody")  # type: ignore[no-untyped-call]
    part.partName = "Melody"
    part.append([tempo.MetronomeMark(number=piece.bpm), key.KeySignature(piece.sharps)])
    part.append(meter.TimeSignature(str(piece.metre)))
    for each in piece.notes:
        length = each.steps * STEP
        part.append(_sounding(each.pitch, length, piece.sharps))
    return part


def _sounding(pitch: int | None, length: float, sharps: int) -> Any:
    from music21 import note

    if pitch is None:
        return note.Rest(quarterLength=length)
    sounding: Any = note.Note(quarterLength=length)
    letter, alter, octave = spelled(pitch, sharps)
    sounding.pitch.name, sounding.pitch.octave = f"{letter}{'#' * alter}{'-' * -alter}", octave
    return sounding


def draw_melody(path: Path, piece: Piece) -> None:
    """Draw a piano roll as a PNG, bar by bar."""
    starts = [sum(note.steps for note in piece.notes[:place]) for place in range(len(piece.notes) + 1)]
    placed = zip(starts, piece.notes, strict=False)
    sounding = [(start, start + note.steps, note.pitch) for start, note in placed if note.pitch is not None]
    bar = piece.metre.bar
    bars = -(-starts[-1] // bar)
    axis = TimeAxis(f"bar ({piece.metre})", bars * bar, max(7.0, 1.3 * bars), [number * bar for number in range(bars)])
    draw_piano_roll(path, [Part(sounding, PERFORMER_COLOUR)], axis, piece.sharps, piece.title)
