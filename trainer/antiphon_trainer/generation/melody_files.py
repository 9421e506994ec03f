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
from antiphon.melody.metre import TimeSignature

_TICKS = 480
"""Of a MIDI file's quarter note."""
_VELOCITY = 80
_COLOUR = "#0072B2"
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_BLACK = (1, 3, 6, 8, 10)
_DAY = re.compile(r"\s*<encoding-date>.*?</encoding-date>")
_PART = re.compile(r"P[0-9a-f]{32}")
"""The name that music21 draws for a part, new every time."""


@dataclass(frozen=True)
class Piece:
    """A melody with what a score says about it."""

    title: str
    notes: Sequence[Note]
    metre: TimeSignature
    sharps: int
    """The key signature."""
    bpm: float


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
    file = mido.MidiFile(type=0, ticks_per_beat=_TICKS, tracks=[track])
    write_whole(path, file.save)


def write_score(path: Path, piece: Piece) -> None:
    """Write a MusicXML score; notes over a barline are tied, pitches are spelled for the key."""
    from music21 import metadata, stream
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    score: Any = stream.Score(id="score")
    score.metadata = metadata.Metadata(title=piece.title, composer="Antiphon")
    score.append(_part(piece).makeNotation())
    text = GeneralObjectExporter(score).parse().decode("utf-8")
    write_whole(path, lambda beside: beside.write_bytes(_PART.sub("P1", _DAY.sub("", text)).encode()))


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
    sounding.pitch.name, sounding.pitch.octave = spelled(pitch, sharps)
    return sounding


def spelled(pitch: int, sharps: int) -> tuple[str, int]:
    """Return the name, as music21 writes it (`E-`), and the octave of a MIDI pitch, spelled for a key signature.

    Of the line of fifths (… B♭ F C G D …) a key takes the twelve names that hold its scale, three to its left and,
    because minor raises its leading note, two more to its right than that.
    """
    fifths = next(place for place in range(sharps - 3, sharps + 9) if 7 * place % 12 == pitch % 12)
    letter, alter = "FCGDAEB"[(fifths + 1) % 7], (fifths + 1) // 7
    return f"{letter}{'#' * alter}{'-' * -alter}", (pitch - alter) // 12 - 1


def draw_piano_roll(path: Path, piece: Piece) -> None:
    """Draw a piano roll as a PNG, bar by bar."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    starts = [sum(note.steps for note in piece.notes[:place]) for place in range(len(piece.notes) + 1)]
    placed = zip(starts, piece.notes, strict=False)
    sounding = [(start, note.steps, note.pitch) for start, note in placed if note.pitch is not None]
    bar = piece.metre.bar
    bars = -(-starts[-1] // bar)
    figure = Figure(figsize=(min(24.0, max(7.0, 1.3 * bars)), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_keys(axes, [pitch for *_, pitch in sounding])
    axes.barh(
        [pitch for *_, pitch in sounding],
        [steps for _, steps, _ in sounding],
        left=[start for start, *_ in sounding],
        height=0.8,
        color=_COLOUR,
        edgecolor="white",
    )
    axes.set_xticks([number * bar for number in range(bars)], [str(number + 1) for number in range(bars)])
    axes.grid(axis="x", color="#cccccc")
    axes.set_axisbelow(True)
    axes.set_xlim(0, bars * bar)
    axes.set_xlabel(f"bar ({piece.metre})")
    axes.set_ylabel("pitch")
    axes.set_title(piece.title, loc="left")
    write_whole(path, lambda beside: figure.savefig(beside, dpi=110))


def _draw_keys(axes: Any, pitches: Sequence[int]) -> None:
    lowest, highest = min(pitches) - 2, max(pitches) + 2
    for pitch in range(lowest, highest + 1):
        if pitch % 12 in _BLACK:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color="#f1f1f1", zorder=0)
    labelled = [pitch for pitch in range(lowest, highest + 1) if pitch % 12 in (0, 4, 7)]
    axes.set_yticks(labelled, [f"{_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in labelled])
    axes.set_ylim(lowest - 0.5, highest + 0.5)
    axes.spines[["top", "right"]].set_visible(False)
