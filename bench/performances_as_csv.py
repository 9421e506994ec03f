"""A tool that writes performances as CSV, as `antiphon-trainer audition --performances` reads them.

python bench/performances_as_csv.py weimar JAZZODATA OUT     # klausfrieler/jazzodata; needs pyreadr
python bench/performances_as_csv.py sung CSD_REANNOTATION OUT  # seyong92/CSD_reannotation

The Weimar Jazz Database has the beats that people tapped to each solo, each note's place between them as they wrote it
down, its phrase, and the tune's key. What was sung has onsets, pitches and lengths alone. It was sung to a recording of
steady tempo, so the truth is the steady pulse that fits the onsets best, and the key signature whose scale holds most
of what was sung, and whose tonic it ends on where several hold as much.
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

COLUMNS = ("onset", "duration", "pitch", "beat", "played", "phrase", "sharps", "swung")
SUNG_UNITS = np.arange(100.0, 400.0, 0.05)
"""Eighths a minute that are tried for a song; what fits may be quarters or sixteenths too."""
SUNG_FASTEST = 140.0
"""Quarter notes a minute; half or twice of a tempo may be as right."""
FINER = 0.1
"""By how much better than by chance a pulse of twice the frequency fits where it is sung."""
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
        places, sharps = on_steady_pulse(notes[:, 0]), best_signature(notes[:, 1], notes[:, 2])
        rows = (
            (on, length, round(pitch), written, played, "", sharps, swung)
            for (on, pitch, length), (written, played, swung) in zip(notes, places, strict=True)
        )
        write(out / path.name, rows)


def on_steady_pulse(onsets: Any) -> list[tuple[float, float, object]]:
    """Return of each onset, in seconds, its place in quarter notes, in beats, and in quarter notes that are swung.

    They are those of the steady pulse that fits best, which is of eighths as a rule. A beat is a dotted quarter, as in
    6/8, where a pulse a third as fast fits better than one half as fast. Eighths that are swung sound the same, so
    such a song has both readings; the last of the three is empty in the others.
    """
    fits = [abs(_turn(onsets, unit)) for unit in SUNG_UNITS]
    unit = float(SUNG_UNITS[int(np.argmax(fits))])
    if _is_sung(onsets, unit, 1.5):  # thirds of a beat, not all of which are sung
        unit *= 1.5
    if abs(_turn(onsets, unit / 3)) > abs(_turn(onsets, unit / 2)):
        thirds = _places(onsets, unit)
        on_beat = np.bincount(thirds.astype(int) % 3, minlength=3).argmax()
        beats = (thirds - on_beat) / 3
        swung = np.where(thirds % 3 == (on_beat + 2) % 3, np.floor(beats) + 0.5, beats)
        return list(zip(beats * 1.5, beats, swung, strict=True))
    places = _places(onsets, 2 * unit) / 2 if _is_sung(onsets, unit, 2) else _places(onsets, unit)
    quarters = places / next(units for units in (1, 2, 4) if unit / units <= SUNG_FASTEST)
    return [(place, place, "") for place in quarters]


def _is_sung(onsets: Any, unit: float, times: float) -> bool:
    """Return whether a pulse so many times as fast fits better than it does where onsets spread around one of `unit`.

    Those of a normal distribution fit a pulse n times as fast by the n²-th power of what they fit the slower one.
    """
    by_chance = abs(_turn(onsets, unit)) ** times**2
    return bool(abs(_turn(onsets, unit * times)) > by_chance + FINER)


def _turn(onsets: Any, a_minute: float) -> complex:
    """Return the mean of the onsets on the circle of a pulse: its length, 0 to 1, is how well they fit (Rayleigh)."""
    return complex(np.exp(2j * np.pi * a_minute / 60 * onsets).mean())


def _places(onsets: Any, a_minute: float) -> Any:
    """Return which beats of a pulse the onsets are, (onset,), from 0 on."""
    places = np.rint(onsets * a_minute / 60 - np.angle(_turn(onsets, a_minute)) / (2 * np.pi))
    return places - places.min()


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
