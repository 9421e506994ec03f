"""A tool that writes performances as CSV, as `antiphon-trainer audition --performances` reads them.

python bench/performances_as_csv.py weimar JAZZODATA OUT     # klausfrieler/jazzodata; needs pyreadr
python bench/performances_as_csv.py sung CSD_REANNOTATION OUT  # seyong92/CSD_reannotation

The Weimar Jazz Database has the beats that people tapped to each solo, each note's place between them as they wrote it
down, its phrase, and the tune's key. What was sung has onsets, pitches and lengths alone. It was sung to a recording of
steady tempo, so the truth is the grid of sixteenths of a steady tempo that fits the onsets best, and the key signature
whose scale holds most of what was sung, and whose tonic it ends on where several hold as much.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.keys import SIGNATURES, parse_key

COLUMNS = ("onset", "duration", "pitch", "beat", "played", "phrase", "sharps")
SUNG_BPM = np.arange(70.0, 140.0, 0.05)
"""BPM that are tried for a song; half or twice of one may be as right."""
MOSTLY = 0.7
"""Share of the steps."""
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
"""Degrees of a key signature's scale, in semitones from its major tonic."""
MAJOR_TONIC, MINOR_TONIC = 0, 9
"""Degrees on which a song ends."""


def weimar(folder: Path, out: Path) -> None:
    """Write the solos of the Weimar Jazz Database."""
    import pyreadr

    def table(name: str) -> Any:
        return next(iter(pyreadr.read_r(str(folder / "data" / f"{name}.rda")).values()))

    notes, beats = table("wjd_transforms"), dict(list(table("wjd_annotated_beat_tracks").groupby("id")))
    keys = dict(table("wjd_meta")[["id", "key"]].itertuples(index=False))
    for name, solo in notes.groupby("id"):
        if name in beats:
            write(out / f"{Path(name).stem}.csv", solo_rows(solo, beats[name], keys.get(name, "")))


def solo_rows(solo: Any, beats: Any, key: str) -> Iterable[Sequence[object]]:
    """Yield a solo's rows; notes in a beat that nobody tapped are left out."""
    beats = beats.sort_values("onset")
    places = {(int(bar), int(beat)): place for place, (bar, beat) in enumerate(zip(beats.bar, beats.beat, strict=True))}
    try:
        sharps: object = parse_key(key.replace("-maj", "").replace("-min", "m"))
    except UserError:  # a mode, or none
        sharps = ""
    gaps = np.append(np.diff(solo.onset), 0.5)
    played = np.interp(solo.onset, beats.onset, np.arange(len(beats)))
    for note, gap, at in zip(solo.itertuples(), gaps, played, strict=True):
        place = places.get((int(note.bar), int(note.beat)))
        if place is not None:
            share = note.articulation_raw if 0 < note.articulation_raw <= 1 else 0.9
            beat = place + (note.tatum - 1) / note.division
            yield note.onset, max(0.02, share * gap), int(note.pitch_raw), beat, at, int(note.phrase_id_raw), sharps


def sung(folder: Path, out: Path) -> None:
    """Write the songs of the Children's Song Dataset, as they were annotated anew."""
    for path in sorted((folder / "CSD_reannotation" / "note").glob("*.csv")):
        notes = np.loadtxt(path, delimiter=",", ndmin=2)
        places, sharps = on_steady_grid(notes[:, 0]), best_signature(notes[:, 1], notes[:, 2])
        rows = (
            (on, length, round(pitch), place, "", "", sharps)
            for (on, pitch, length), place in zip(notes, places, strict=True)
        )
        write(out / path.name, rows)


def on_steady_grid(onsets: Any) -> Any:
    """Return the places of onsets, in quarter notes, on the grid of the steady tempo that fits them best."""
    turns = np.exp(2j * np.pi * np.outer(SUNG_BPM * 4 / 60, onsets)).mean(1)
    best = int(np.abs(turns).argmax())
    sixteenths = onsets * SUNG_BPM[best] * 4 / 60 - np.angle(turns[best]) / (2 * np.pi)
    places = np.rint(sixteenths - sixteenths[0])
    steps = np.diff(places)
    # Three by three all along is a song in two, at four thirds of the tempo.
    in_threes = (steps % 3 == 0).mean() > MOSTLY
    return places / 4 * (2 / 3 if in_threes else 1)


def best_signature(pitches: Any, lengths: Any) -> int:
    """Return the key signature whose scale holds most of what was sung, by length; of equal ones, the last note's."""
    classes = np.rint(pitches).astype(int) % 12

    def fit(sharps: int) -> tuple[float, bool, bool]:
        degrees = (classes - 7 * sharps) % 12
        held = float(lengths[np.isin(degrees, MAJOR_SCALE)].sum() / lengths.sum())
        return round(held, 2), degrees[-1] == MAJOR_TONIC, degrees[-1] == MINOR_TONIC

    return max(SIGNATURES, key=fit)


def write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write one performance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    collections: dict[str, Callable[[Path, Path], None]] = {"weimar": weimar, "sung": sung}
    collections[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
