"""Encoded songs on disk: one text file a song, in a folder a split.

The first line holds the symbols with spaces between. Further lines, each with its word before it: `bars` and the
barlines, where the metre is known; `mode` and `major` or `minor`, where that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from antiphon.budgets import SONG_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon.melody.vocabulary import END, HOLD, LAST_MIDI_NOTE, REST
from antiphon_trainer.corpus import metre
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.corpus.score import Mode
from antiphon_trainer.storage import replace_folder

TRAINING = "training"
HELD_OUT = "held-out"
_BARS = "bars "
_MODE = "mode "
MODES: tuple[Mode, ...] = ("major", "minor")


@dataclass(frozen=True)
class Song:
    """An encoded song; its symbols don't hold the final `"/"`."""

    name: str
    title: str
    symbols: list[str]
    barlines: list[Barline] = field(default_factory=list)
    """None where the metre is unknown."""
    mode: Mode = ""
    """Empty where it is unknown."""


def onsets(symbols: Sequence[str]) -> int:
    """Count the notes that start."""
    return sum(symbol not in (HOLD, REST, END) for symbol in symbols)


def fingerprint(training: Sequence[Song], held_out: Sequence[Song]) -> str:
    """Return what tells two corpora apart: the SHA-256 of names, symbols and barlines, split by split.

    What isn't learned from (the mode) doesn't count, nor does the order of the songs.
    """
    splits = (training, held_out)
    return fingerprint_in_order(*((len(split), sorted(split, key=lambda song: song.name)) for split in splits))


def fingerprint_in_order(*splits: tuple[int, Iterable[Song]]) -> str:
    """Return the same of songs that come one by one: of each split their number, and they in the order of names."""
    digest = hashlib.sha256()
    for count, songs in splits:
        digest.update(f"{count} songs\n".encode())
        for song in songs:
            digest.update(f"{song.name}: {_content(song)}".encode())
    return digest.hexdigest()


def write_songs(folder: Path, songs_of: Callable[[str], Iterable[Song]]) -> None:
    """Write the songs in the place of an earlier run's, of which nothing survives.

    Args:
        folder: where.
        songs_of: gives the songs of a split, `TRAINING` or `HELD_OUT`, as often as it is asked.

    Raises:
        UserError: the folder holds files that no earlier run wrote; nothing was touched.
    """

    def files() -> Iterator[tuple[str, str]]:
        for split in (TRAINING, HELD_OUT):
            for song in songs_of(split):
                yield f"{split}/{song.name}.txt", _content(song) + _mode_line(song)

    replace_folder(folder, files, _is_song)


def _content(song: Song) -> str:
    lines = [" ".join(song.symbols), *([_BARS + metre.written(song.barlines)] if song.barlines else [])]
    return "".join(line + "\n" for line in lines)


def _mode_line(song: Song) -> str:
    return f"{_MODE}{song.mode}\n" if song.mode else ""


def _is_song(below: Path) -> bool:
    return len(below.parts) == 2 and below.parts[0] in (TRAINING, HELD_OUT) and below.suffix == ".txt"


def read_songs(folder: Path) -> list[Song]:
    """Read a folder of encoded songs, in the order of their files' names. A final `"/"` is taken off.

    Raises:
        UserError: there is none, or a file holds something that is no symbol.
    """
    files = song_files(folder)
    return [read_song(file) for file in files]


def song_files(folder: Path) -> list[Path]:
    """List the files of a folder of encoded songs, by name.

    Raises:
        UserError: there is none.
    """
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise UserError(
            f"{folder}: holds no encoded song (.txt); run 'antiphon-trainer prepare' first, with --held-out for songs "
            "to evaluate on, or name a folder with --songs"
        )
    return files


def read_song(file: Path) -> Song:
    """Read an encoded song.

    Raises:
        UserError: the file can't be read, or holds something that is no symbol.
    """
    try:
        lines = read_file(file, SONG_BYTES).decode().splitlines()
        barlines = metre.read(_behind(_BARS, lines))
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"{file}: is no encoded song (not a text file)") from None
    except ValueError as error:
        raise UserError(f"{file}: {error}; they look like: {_BARS}0:12/16 4:0/16") from None
    named = _behind(_MODE, lines)
    mode: Mode = next((mode for mode in MODES if mode == named), "")
    if named and not mode:
        raise UserError(f"{file}: {named!r} is no mode; it is major or minor")
    symbols = " ".join(line for line in lines if not line.startswith((_BARS, _MODE))).split()
    if symbols and symbols[-1] == END:
        symbols.pop()
    for symbol in set(symbols):
        is_pitch = symbol.isascii() and symbol.isdigit() and int(symbol) <= LAST_MIDI_NOTE
        if not (is_pitch or symbol in (HOLD, REST)):
            raise UserError(f"{file}: {symbol!r} is no symbol; an encoded song looks like: 60 _ _ _ 62 _ r _")
    if not symbols:
        raise UserError(f"{file}: is empty; an encoded song looks like: 60 _ _ _ 62 _ r _")
    return Song(file.stem, "", symbols, barlines, mode)


def _behind(word: str, lines: Sequence[str]) -> str:
    """Return what stands behind a word at the start of a line; nothing where there is no such line."""
    return next((line.removeprefix(word) for line in lines if line.startswith(word)), "")
