"""A second reading of a score by another program's reader, for `prepare --check`: slow, and not without faults itself.

ABC, kern and MIDI are read again by music21. MusicXML has music21 as its only reader here.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import Any

from antiphon.budgets import PARSING_BYTES
from antiphon.memory_limit import limited_memory
from antiphon_trainer.corpus.abc_text import decoded
from antiphon_trainer.corpus.score import WrittenNote
from antiphon_trainer.corpus.time_limit import within

SECOND_READERS = {".abc": "abc", ".krn": "humdrum", ".mid": "midi", ".midi": "midi"}
"""Suffix → music21's name of the format."""
_MOST_SECONDS = 60.0
"""Of one song; a damaged one can keep music21 for ever."""
_CLOSE = 1e-4
"""Quarter lengths; music21 keeps no exact fractions of some tuplets."""


def read_again(content: bytes, suffix: str) -> list[WrittenNote] | None:
    """Return the first voice's notes and rests as music21 reads them; None where it can't."""
    import music21  # noqa: F401  half done at the end of the time, it would be of no use to the next file

    try:
        with redirect_stderr(io.StringIO()), warnings.catch_warnings(), limited_memory(PARSING_BYTES):
            warnings.simplefilter("ignore")
            return within(_MOST_SECONDS, lambda: _read(content, suffix))
    except Exception:  # noqa: BLE001  music21 raises anything
        return None


def _read(content: bytes, suffix: str) -> list[WrittenNote] | None:
    from music21 import converter

    data: str | bytes = content
    if suffix == ".abc":
        # Without a version music21 lets an accidental hold for its own note alone.
        data = "%abc-2.1\n" + decoded(content)
    elif suffix == ".krn":
        data = decoded(content)
    stream: Any = converter.parseData(data, format=SECOND_READERS[suffix])
    part = next((part for part in stream.parts if part.recurse().notes), None)
    return None if part is None else list(map(_written, _first_voice(part)))


def _first_voice(part: Any) -> list[Any]:
    lower = {
        id(each)
        for holder in part.recurse(streamsOnly=True, includeSelf=True)
        for voice in list(holder.voices)[1:]
        for each in voice.recurse()
    }
    return [each for each in part.flatten().notesAndRests if each.quarterLength and id(each) not in lower]


def _written(each: Any) -> WrittenNote:
    top = None if each.isRest else max(each.pitches, key=lambda pitch: pitch.midi, default=None)
    tied = each.tie is not None and each.tie.type in ("start", "continue")
    return WrittenNote(None if top is None else int(top.midi), float(each.quarterLength), tied)


def difference(first: Sequence[WrittenNote], second: Sequence[WrittenNote]) -> tuple[str, str] | None:
    """Say in which kind and where two readings differ, tied notes and rests joined; None where they agree.

    Rests at both ends don't count.
    """
    one, other = _joined(first), _joined(second)
    for count, ((pitch, length), (pitch2, length2)) in enumerate(zip(one, other, strict=False), start=1):
        if pitch != pitch2:
            kind = "other pitches" if len(one) == len(other) else "other notes"
            return kind, f"note {count}: {_named(pitch)}, second reading {_named(pitch2)}"
        if abs(length - length2) > _CLOSE:
            kind = "other lengths" if len(one) == len(other) else "other notes"
            return kind, f"note {count}: {length:g} quarter lengths, second reading {length2:g}"
    return None if len(one) == len(other) else ("other notes", f"{len(one)} notes, second reading {len(other)}")


def _joined(notes: Sequence[WrittenNote]) -> list[tuple[int | None, float]]:
    joined: list[tuple[int | None, float]] = []
    tied = False
    for note in notes:
        if joined and joined[-1][0] == note.pitch and (tied or note.pitch is None):
            joined[-1] = note.pitch, joined[-1][1] + note.quarter_length
        elif joined or note.pitch is not None:
            joined.append((note.pitch, note.quarter_length))
        tied = note.tied
    return joined[:-1] if joined and joined[-1][0] is None else joined


def _named(pitch: int | None) -> str:
    return "a rest" if pitch is None else f"pitch {pitch}"
