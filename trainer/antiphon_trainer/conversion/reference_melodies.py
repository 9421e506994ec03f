"""The melodies that a network and its bundle are compared on: the user's, what prepare stored, or a few old tunes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from antiphon.errors import UserError
from antiphon.melody.grid import STEP, Note, read, spell
from antiphon_trainer.corpus.songs import HELD_OUT, TRAINING, Song, read_songs

TUNES = Path(__file__).with_name("tunes")
"""Tunes in the public domain, in C major and A minor, encoded: a text file each."""
_ON_GRID = frozenset(STEP * steps for steps in range(1, 129))
"""Quarter lengths that a note or rest of the user's corpus may have: every multiple of a step up to eight bars."""


def reference_songs(corpus: Sequence[str], stored: dict[str, list[Song]]) -> tuple[list[Song], str]:
    """Return songs, and the noun for them in a report.

    Args:
        corpus: folders of encoded songs or of scores, or scores; without any, the stored songs, or else the tunes.
        stored: what prepare stored, by split.

    Raises:
        UserError: the corpus holds no song.
    """
    if corpus:
        return [song for each in corpus for song in _songs_in(each)], "songs"
    if stored[HELD_OUT] or stored[TRAINING]:
        return stored[HELD_OUT] or stored[TRAINING], "songs"
    return read_songs(TUNES), "old tunes"


def _songs_in(place: str) -> list[Song]:
    if Path(place).is_dir() and any(Path(place).glob("*.txt")):
        return read_songs(Path(place))
    from antiphon_trainer.corpus.encoding import Refused, encode
    from antiphon_trainer.corpus.score import Unreadable
    from antiphon_trainer.corpus.scores import parse
    from antiphon_trainer.corpus.sources import collect

    songs: list[Song] = []
    for source in collect([place]):
        score = parse(source.read(), source.suffix)
        if isinstance(score, Unreadable):
            continue
        try:
            songs.append(Song(source.name, "", encode(score, _ON_GRID)))
        except Refused:
            continue
    if not songs:
        raise UserError(f"{place}: holds no song that lies on the grid of sixteenths")
    return songs


def on_grid(song: Song, step: float) -> Song | None:
    """Encode a song again with steps of `step` quarter lengths; return None if a note doesn't lie on that grid."""
    if step == STEP:
        return song
    lengths = [(note.pitch, note.steps * STEP / step) for note in read(song.symbols)]
    if not all(length.is_integer() for _, length in lengths):
        return None
    return Song(song.name, song.title, spell(Note(pitch, int(length)) for pitch, length in lengths))
