"""Encoding: from a score to symbols, one a sixteenth, in the model's key; or the reason why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from antiphon.errors import UserError
from antiphon.melody import keys
from antiphon.melody.grid import STEP, Note, spell
from antiphon.melody.vocabulary import LAST_MIDI_NOTE
from antiphon_trainer.corpus.metre import Barline, barlines_of
from antiphon_trainer.corpus.score import Score, WrittenNote
from antiphon_trainer.settings import Ties


class Refused(Exception):
    """A song can't be used. `reason` is the kind, in the same words for every such song; `detail` is this song's."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def check_durations(acceptable: Iterable[float]) -> None:
    """Check that durations, in quarter lengths, lie on the grid.

    Raises:
        UserError: one is no multiple of a step.
    """
    for duration in acceptable:
        if not (duration / STEP).is_integer():
            raise UserError(f"acceptable_durations: {duration:g} is no multiple of a step ({STEP} quarter lengths)")


def encode(score: Score, acceptable: Collection[float] | None, ties: Ties = "merged") -> list[str]:
    """Encode a song as symbols, without the final `"/"`: transposed to C major or A minor by the nearest octave.

    Args:
        score: the song as written. Its durations are judged as written, and ties are looked at afterwards.
        acceptable: the quarter lengths that notes and rests may have; None is every multiple of a step.
        ties: whether tied notes become one, or each starts anew as it is written.

    Raises:
        Refused: a duration isn't acceptable, no note sounds, or a pitch leaves MIDI's range.
    """
    for place, note in enumerate(score.notes, start=1):
        _check_duration(note.quarter_length, place, acceptable)
    semitones = keys.transposition(score.sharps)
    written = merge_ties(score.notes) if ties == "merged" else _as_written(score.notes)
    notes = [_transposed(note, semitones) for note in written]
    if all(note.pitch is None for note in notes):
        raise Refused("no notes", "nothing but rests")
    return spell(notes)


def barlines(score: Score) -> list[Barline]:
    """Return where the barlines of a score stand on the grid; nothing where one stands off it."""
    bars = [(bar.start / STEP, bar.length / STEP) for bar in score.bars]
    if not all(start.is_integer() and length.is_integer() for start, length in bars):
        return []
    return barlines_of([(int(start), int(length)) for start, length in bars])


def _check_duration(quarter_length: float, place: int, acceptable: Collection[float] | None) -> None:
    on_grid = (quarter_length / STEP).is_integer()
    accepted = on_grid and quarter_length > 0 if acceptable is None else quarter_length in acceptable
    if accepted:
        return
    detail = f"{quarter_length:g} quarter lengths, note {place}"
    if quarter_length < 0:
        raise Refused("a negative duration", detail)
    if not on_grid:
        raise Refused("a duration off the sixteenth grid", detail)
    raise Refused("a duration that isn't acceptable", detail)


def merge_ties(written: Iterable[WrittenNote]) -> list[Note]:
    """Join tied notes of the same pitch, and rests that follow each other; lengths become steps."""
    notes: list[Note] = []
    tied = False
    for note in written:
        steps = round(note.quarter_length / STEP)
        goes_on = bool(notes) and notes[-1].pitch == note.pitch and (tied or note.pitch is None)
        if goes_on:
            notes[-1] = Note(note.pitch, notes[-1].steps + steps)
        else:
            notes.append(Note(note.pitch, steps))
        tied = note.tied
    return notes


def _as_written(written: Iterable[WrittenNote]) -> list[Note]:
    return [Note(note.pitch, round(note.quarter_length / STEP)) for note in written]


def _transposed(note: Note, semitones: int) -> Note:
    if note.pitch is None:
        return note
    pitch = note.pitch + semitones
    if not 0 <= pitch <= LAST_MIDI_NOTE:
        raise Refused("a pitch outside MIDI's range", f"{pitch} after transposing by {semitones:+d}")
    return Note(pitch, note.steps)
