"""The stream: whether the model still predicts well after hours of tunes, of which nobody says where they begin.

The songs are played to the daemon's listener, in their key, legato and in time: each to a new listener, which knows
that it begins; all to one listener with a pause between them; and all to one without a pause. Counted are the bits of
every note's time and pitch, per step of the songs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.bundle import Bundle
from antiphon.melody.grid import STEPS_PER_BEAT, Note, Tempo, read
from antiphon.melody.model import LiteModel
from antiphon.midi.messages import NoteOn
from antiphon.settings import read_settings
from antiphon_trainer.audition.songs import BPM, performed
from antiphon_trainer.corpus.songs import Song

PAUSE = 10
"""Beats from a song's end to the next one's start, longer than the silence after which another tune begins."""
PHRASE_SILENCE = 2.0
"""Beats that end a phrase."""
ALLOWED = 0.06
"""Bits per step that no boundary told may cost, beside each song to a new listener."""


class Stream(msgspec.Struct, frozen=True):
    """Bits per step of songs that one listener hears."""

    songs: int
    steps: int
    set_back: float
    """Each by a new listener."""
    paused: float
    """In a row, with a pause between."""
    unpaused: float
    """In a row without one."""

    def lines(self) -> list[str]:
        """Return the lines of a table, the heading first."""
        return [
            f"stream: bits per step of {self.songs:,} songs (in a row at most {ALLOWED} more)",
            f"  a new listener for each song    {self.set_back:.3f}",
            f"  in a row, {PAUSE} beats between      {self.paused:.3f}  ({self.paused - self.set_back:+.3f})",
            f"  in a row, no pause between      {self.unpaused:.3f}  ({self.unpaused - self.set_back:+.3f})",
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def measure(bundle: Bundle, songs: Sequence[Song], seed: int) -> Stream:
    """Measure a bundle on songs, in an order that `seed` draws."""
    listening = ListeningModel(LiteModel(bundle), bundle.vocabulary, (0,))
    order = np.random.default_rng(seed).permutation(len(songs))
    melodies = [list(read(songs[index].symbols)) for index in order]
    steps = sum(note.steps for melody in melodies for note in melody)
    found = [
        sum(_bits(listening, [melody], 0) for melody in melodies),
        _bits(listening, melodies, PAUSE),
        _bits(listening, melodies, 0),
    ]
    return Stream(len(songs), steps, *(round(bits / steps, 4) for bits in found))


def _bits(listening: ListeningModel, melodies: Sequence[Sequence[Note]], pause: int) -> float:
    """Return the bits of all notes of melodies that one listener hears, `pause` beats apart."""
    silence = read_settings().play.tune_silence
    listener = Listener(listening, Timekeeper(Tempo(BPM)), PHRASE_SILENCE, tune_silence=silence)
    bits = start = 0.0
    for melody in melodies:
        for time, event in performed(melody):
            if not isinstance(event, NoteOn):
                listener.note_off(start + time, event.pitch)
                continue
            note = listener.note_on(start + time, event.pitch)
            bits += note.bits if isinstance(note, HeardNote) else 0
        start += (sum(note.steps for note in melody) / STEPS_PER_BEAT + pause) * 60 / BPM
    return bits
