"""MIDI: one song from a MIDI file, the top line of its first track that isn't drums.

A file says when keys go down and up, not what was written. Onsets stand on the sixteenth grid or, if one is farther
off than `_ON_GRID`, nowhere: the song is then off the grid, and nothing is moved there. Ends are less exact, as
programs and fingers shorten notes: one that is off the grid is taken to last to the next note, if that follows soon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from antiphon.budgets import SONG_QUARTERS
from antiphon.errors import UserError
from antiphon.midi.codec import decode
from antiphon.midi.messages import NoteOn
from antiphon.recording.midi_reader import PERCUSSION, FileNote, MidiFile, MidiTrack, parse_midi_file
from antiphon_trainer.corpus.key_analysis import key_of_notes
from antiphon_trainer.corpus.score import TOO_LONG, KeySource, Mode, NoScore, Score, WrittenBar, WrittenNote

MIDI_VERSION = 2
"""Counts the changes of this module, and of the daemon's reader of MIDI files, that change what is read."""
_BAD_FILE = "a MIDI file that can't be read"
_STEP = Fraction(1, 4)
_ON_GRID = Fraction(1, 24)
"""Quarter lengths that a note may be off its sixteenth: half of what lies between a sixteenth and a triplet eighth."""
_SHORTEST = Fraction(1, 8)
"""Quarter lengths; a note no longer than that is no shortened sixteenth, but a thirty-second or less."""
_HELD = 1
"""Quarter lengths; a gap that is shorter, behind a note whose end is off the grid, is no rest."""
_LONGEST_BAR = 1024
"""Quarter lengths: as `kern` has it."""


class _Line(NamedTuple):
    """A note of the top line, in quarter lengths."""

    start: Fraction
    end: Fraction
    pitch: int


def read_midi(content: bytes) -> Score:
    """Read a song from a MIDI file's bytes.

    Raises:
        NoScore: it is no MIDI file, is too long, or has no melody.
    """
    try:
        file = parse_midi_file(content)
    except UserError as error:
        raise NoScore(_BAD_FILE, str(error)) from None
    if not file.tracks:
        raise NoScore(_BAD_FILE, "it holds no track")
    line = [
        _Line(Fraction(note.start, file.ticks_per_beat), Fraction(note.end, file.ticks_per_beat), note.pitch)
        for note in _top_line(_melody(file))
    ]
    if line[-1].end > SONG_QUARTERS:
        raise NoScore(TOO_LONG, f"{float(line[-1].end):,.0f} quarter notes, at most {SONG_QUARTERS:,}")
    notes = _written(line)
    sharps, source, mode = _key(file, notes)
    end = sum((Fraction(note.quarter_length) for note in notes), Fraction(0))
    bars = _bars(file, end)
    rest = bars[-1].start + bars[-1].length - end  # what no event says, but the bar
    return Score(
        title="",
        number="",
        copyright="",
        sharps=sharps,
        key_source=source,
        notes=[*notes, WrittenNote(None, float(rest))] if rest > 0 else notes,
        bars=bars,
        mode=mode,
    )


def _melody(file: MidiFile) -> list[FileNote]:
    """Return the notes of the first track that has any, without the drums'; of type 2, of all sequences."""
    melody: list[FileNote] = []
    for number, track in enumerate(file.tracks, start=1):
        notes = [note for note in track.notes() if note.channel != PERCUSSION]
        struck = _struck(track)
        if len(notes) != struck:
            raise NoScore("notes of no length", f"{struck - len(notes)} of {struck} in track {number}")
        melody += notes
        if melody and file.type != 2:
            break
    if not melody:
        raise NoScore("no notes", f"nothing but drums (channel {PERCUSSION})" if any(map(_drums, file.tracks)) else "")
    return melody


def _struck(track: MidiTrack) -> int:
    """Count the keys that go down on a track, but for drums."""
    return len({(tick, note.channel, note.pitch) for tick, note in _note_ons(track) if note.channel != PERCUSSION})


def _drums(track: MidiTrack) -> bool:
    return any(note.channel == PERCUSSION for _, note in _note_ons(track))


def _note_ons(track: MidiTrack) -> Iterator[tuple[int, NoteOn]]:
    for tick, event in track.events:
        message = decode(event)
        if isinstance(message, NoteOn):
            yield tick, message


def _top_line(notes: Sequence[FileNote]) -> list[FileNote]:
    """Return the highest note of each chord, but for those that are more than half covered by a higher one."""
    line: list[FileNote] = []
    for note in sorted(notes, key=lambda note: (note.start, -note.pitch)):
        above = next((each for each in reversed(line) if each.pitch >= note.pitch and each.end > note.start), None)
        is_under = above is not None and 2 * (above.end - note.start) > note.end - note.start
        is_chord = bool(line) and line[-1].start == note.start
        if not (is_under or is_chord):
            line.append(note)
    return line


def _written(line: Sequence[_Line]) -> list[WrittenNote]:
    """Return notes and rests with their lengths: on the grid where they are near it, else as exact as they come."""
    notes: list[WrittenNote] = []
    now = Fraction(0)
    for note, (start, following) in zip(line, pairwise([*_starts(line), None]), strict=True):
        assert start is not None  # noqa: S101  only the last one's follower is none
        if start > now:
            notes.append(WrittenNote(None, float(start - now)))
        now = _end(note, start, following)
        notes.append(WrittenNote(note.pitch, float(now - start)))
    return notes


def _starts(line: Sequence[_Line]) -> list[Fraction]:
    """Return where the notes begin: on the grid, but for those that would fall on one place there."""
    snapped = [_snapped(note.start) for note in line]
    taken = Counter(snapped)
    return [note.start if taken[place] > 1 else place for note, place in zip(line, snapped, strict=True)]


def _snapped(place: Fraction) -> Fraction:
    nearest = round(place / _STEP) * _STEP
    return nearest if abs(place - nearest) <= _ON_GRID else place


def _end(note: _Line, start: Fraction, following: Fraction | None) -> Fraction:
    """Return where a note ends as written, given where it and the next one start; it never sounds into that."""
    if note.end - note.start <= _SHORTEST or start % _STEP:
        end = start + note.end - note.start
        return end if following is None else min(end, following)
    end = _snapped(note.end)
    if following is not None and (end >= following or (end % _STEP and following - note.end < _HELD)):
        return following
    return max(round(end / _STEP) * _STEP, start + _STEP)


def _key(file: MidiFile, notes: Sequence[WrittenNote]) -> tuple[int, KeySource, Mode]:
    """Return the key that the file says, in sharps, where from, and its mode.

    C major is what programs write that were told none, so it counts where the notes say so too.
    """
    found, mode = key_of_notes(notes)
    for _, sharps, is_minor in file.key_signatures()[:1]:
        if sharps or is_minor:
            return sharps, "record", "minor" if is_minor else "major"
        if found == 0:
            return 0, "record", mode
    return found, "analysis", mode


def _bars(file: MidiFile, end: Fraction) -> list[WrittenBar]:
    """Return the bars up to `end`, in quarter lengths. There is at least one."""
    metres = [(Fraction(tick, file.ticks_per_beat), Fraction(4 * beats, unit)) for tick, beats, unit in _metres(file)]
    bars: list[WrittenBar] = []
    for (start, length), (until, _) in pairwise([*metres, (end, Fraction(0))]):
        if length > _LONGEST_BAR:
            raise NoScore("a metre that can't be", f"bars of {float(length):,g} quarter notes")
        place = start
        while place < min(until, end):
            bars.append(WrittenBar(float(place), float(length)))
            place += length
    return bars


def _metres(file: MidiFile) -> list[tuple[int, int, int]]:
    """Return tick, beats and unit of the time signatures, one a tick: 4/4 until the file says otherwise (SMF 1.0)."""
    metres = {0: (4, 4)} | {tick: (beats, unit) for tick, beats, unit in file.time_signatures()}
    return [(tick, *metre) for tick, metre in metres.items()]
