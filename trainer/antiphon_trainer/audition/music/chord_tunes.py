"""Tunes with chords: MIDI files whose first track with notes is the tune, and whose second has its chords as notes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from antiphon.errors import UserError
from antiphon.recording.file_events import TEMPO
from antiphon.recording.midi_reader import MidiFile, MidiTrack, read_midi_file
from antiphon.recording.tempo_map import TempoMap
from antiphon_trainer.audition.music.playing import SoundingNote
from antiphon_trainer.settings import Half

_INSTANT = 0.001
"""Seconds; what is nearer than this is at one moment."""


@dataclass(frozen=True)
class ChordTune:
    """A tune and its chords, in seconds."""

    tune: list[SoundingNote]
    chords: list[SoundingNote]
    """Their notes."""
    half_bar: float
    """Seconds from one strong beat to the next: half a bar where that is whole beats, or a bar."""
    bpm: float
    metre: str
    """As a setting has it, say 6/8."""
    halves: int
    """Half bars, as long as that, in a bar: 2 or 1."""
    key: tuple[int, bool] | None
    """The pitch class of the tonic, and whether it is minor; None where that isn't written."""

    def is_strong(self, time: float) -> bool:
        """Return whether a time is at a barline or in the middle of a bar."""
        return abs(time / self.half_bar - round(time / self.half_bar)) * self.half_bar < _INSTANT

    def chord_at(self, time: float) -> frozenset[int]:
        """Return the pitch classes of the chord that is written there; none where there is no chord."""
        return frozenset(note.pitch % 12 for note in self.chords if note.on - _INSTANT <= time < note.off - _INSTANT)

    def root_at(self, time: float) -> int:
        """Return the pitch class of the lowest note of the chord that is written there; there is one."""
        return min(note.pitch for note in self.chords if note.on - _INSTANT <= time < note.off - _INSTANT) % 12


def chord_tunes(folder: Path, half: Half, most: int | None) -> list[ChordTune]:
    """Read the tunes of a folder, one half of them by the SHA-256 of their files' names.

    Files of one track, or whose metre or tempo changes, are passed over.

    Raises:
        UserError: it is no folder, or holds no tune with chords of that half.
    """
    if not folder.is_dir():
        raise UserError(f"--chords {folder}: is no folder")
    files = sorted((hashlib.sha256(path.name.encode()).digest(), path) for path in folder.glob("*.mid"))
    found = (tune for digest, path in files if digest[-1] % 2 == (half == "odd") for tune in _read(path))
    tunes = [tune for _, tune in zip(range(most or len(files)), found, strict=False)]
    if not tunes:
        raise UserError(
            f"--chords {folder}: holds no MIDI file (.mid) with a track for the tune and one for its chords whose "
            f"name's SHA-256 is {half}"
        )
    return tunes


def _read(path: Path) -> Iterator[ChordTune]:
    file = read_midi_file(path)
    tracks = [track for track in file.tracks if track.notes()]
    metres, tempos = {(beats, unit) for _, beats, unit in file.time_signatures()}, file.tempo_map
    if len(tracks) != 2 or len(metres) != 1 or len(file.metas(TEMPO)) > 1:
        return
    ((beats, unit),) = metres
    bar = tempos.time_of(file.ticks_per_beat * 4 * beats // unit) - tempos.time_of(0)
    bpm = 60 / (tempos.time_of(file.ticks_per_beat) - tempos.time_of(0))
    halves = 2 if beats % 2 == 0 else 1
    tune, chords = (_notes(track, tempos) for track in tracks)
    yield ChordTune(tune, chords, bar / halves, bpm, f"{beats}/{unit}", halves, _key(file))


def _key(file: MidiFile) -> tuple[int, bool] | None:
    """Return the tonic's pitch class and whether it is minor, by the first key signature; None where there is none."""
    for _, sharps, is_minor in file.key_signatures():
        return (7 * sharps + 9 * is_minor) % 12, is_minor
    return None


def _notes(track: MidiTrack, tempos: TempoMap) -> list[SoundingNote]:
    return [SoundingNote(tempos.time_of(note.start), tempos.time_of(note.end), note.pitch) for note in track.notes()]
