"""Reads `.match` files, which say of each played note which one of the score it is (Vienna 4×22, (n)ASAP, Batik)."""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path

from antiphon.melody.keys import parse_key
from antiphon_trainer.audition.performances.partitura_calls import reading
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote, beats_of
from antiphon_trainer.audition.performances.score_melody import downbeats_of, is_melody

_KEY = re.compile(r"(?:scoreprop|meta)\(keySignature,([A-G][b#]?)( ?[Mm]in|m)?\b[^,]*,(\d+)(?:[^()]*),(-?[\d.]+)\)")
"""A key signature: its key (of two, the first), its bar, and where it begins, in beats as they are written."""
_NOTE = re.compile(r"snote\([^,]+,\[[^]]*\],[^,]+,(\d+):[^,]+,[^,]+,[^,]+,(-?[\d.]+)")
"""A note of the score: its bar and its onset, in beats as they are written."""
_INSTANT = 1e-3
"""Beats; places in the score are rounded to four digits."""


def key_signatures(path: Path) -> list[tuple[float, int]]:
    """Return where key signatures begin, in beats of the time signature, and their sharps (−5…6).

    Not partitura's: version 1.9 takes E♭ for E. Where a line says a bar, that counts: in some files the beats of all
    signatures are the first one's.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    bars: dict[str, float] = {}
    for bar, onset in _NOTE.findall(text):
        bars[bar] = min(bars.get(bar, float(onset)), float(onset))
    return [
        (bars.get(bar, float(start)) if number and bar != "0" else float(start), parse_key(tonic + minor.strip()[:1]))
        for number, (tonic, minor, bar, start) in enumerate(_KEY.findall(text))
    ]


def read_match(path: Path, name: str) -> Performance:
    """Read a match file with its score.

    Raises:
        UserError: partitura can't read it.
    """
    import partitura  # takes seconds to import

    with reading(path):
        played, alignment, score = partitura.load_match(str(path), create_score=True)
        part = score.parts[0]
        places = {str(note["id"]): float(note["onset_beat"]) for note in part.note_array(include_grace_notes=True)}
        part.use_musical_beat()
        written = part.note_array(include_staff=True, include_grace_notes=True)
    keys = {
        note["id"]: PlayedNote(
            float(note["note_on"]), float(note["note_off"]), int(note["midi_pitch"]), velocity=int(note["velocity"])
        )
        for note in played.performedparts[0].notes
    }
    row_of = {str(identity): row for row, identity in enumerate(written["id"])}
    signatures = sorted(key_signatures(path))
    starts = [start for start, _ in signatures]
    melody_rows = is_melody(written)
    melody, ornaments, points = list[PlayedNote](), set[tuple[float, int]](), list[tuple[float, float]]()
    for pair in alignment:
        row = row_of.get(str(pair.get("score_id"))) if pair["label"] in ("match", "ornament") else None
        key = keys.get(pair.get("performance_id"))
        if row is None or key is None:
            continue
        if pair["label"] == "ornament" or written["is_grace"][row]:
            ornaments.add((key.on, key.pitch))
            continue
        points.append((float(written["onset_beat"][row]), key.on))
        if melody_rows[row]:
            signature = bisect_right(starts, places[str(written["id"][row])] + _INSTANT) - 1
            sharps = signatures[max(0, signature)][1] if signatures else None
            melody.append(key._replace(quarter=float(written["onset_quarter"][row]), sharps=sharps))
    texture, grace_notes = sorted(keys.values()), frozenset(ornaments)
    return Performance(name, sorted(melody), texture, grace_notes, beats_of(points), downbeats_of(part))
