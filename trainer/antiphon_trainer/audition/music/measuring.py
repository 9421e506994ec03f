"""Measures what a listener hears of a bundle's musician, tune by tune, with intervals of confidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from antiphon.improviser.answering.ranking import MAJOR_TRIAD, MINOR_TRIAD
from antiphon.melody.grid import read
from antiphon.musician import Musician, load_musician
from antiphon.settings import read_settings
from antiphon_trainer.audition.calls import CALL_BARS, refusal
from antiphon_trainer.audition.music import melodies, two_voices
from antiphon_trainer.audition.music.melodies import Melody, on_grid
from antiphon_trainer.audition.music.playing import SoundingNote, play_duet, play_on, sounding, timed
from antiphon_trainer.corpus.songs import Song

BAR = 16
"""Steps of a bar of 4/4, the metre of the melodies that go on: the default's."""
LENGTHS = (64, 256)
"""Bars for which a melody goes on."""
LONG_SONG = 12
"""Bars from which a song says how much a melody repeats."""
RESAMPLES = 1000
"""Times that the tunes are drawn anew, with replacement, for an interval of 95 % (Efron 1979: the bootstrap)."""

Shares = dict[str, tuple[float, float]]
"""What was counted, by name: so many, of so many. Its value is the quotient."""


class Figure(NamedTuple):
    """A share, or a mean: its value, and the interval of 95 % over the tunes."""

    value: float
    low: float
    high: float


Figures = dict[str, Figure]


def figures_of(tunes: Sequence[Shares], seed: int) -> Figures:
    """Return what was counted over all tunes, with its intervals."""
    return {name: _figure([tune[name] for tune in tunes], seed) for name in tunes[0]} if tunes else {}


def _figure(shares: Sequence[tuple[float, float]], seed: int) -> Figure:
    table = np.array(shares, np.float64)
    drawn = table[np.random.default_rng(seed).integers(len(table), size=(RESAMPLES, len(table)))].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / np.maximum(drawn[:, 1], _TINY), [2.5, 97.5])
    counted, whole = table.sum(axis=0)
    return Figure(float(counted / max(whole, _TINY)), float(low), float(high))


_TINY = 1e-12


def musician(model: str, seed: int, **play: Any) -> Musician:
    """Load a musician as it plays by default, but for some settings of section `[play]`.

    Raises:
        UserError: the model can't be had.
    """
    return load_musician(read_settings(None, {"play": {"model": model, "seed": seed, **play}}))


def spread(songs: Sequence[Song], count: int) -> list[Song]:
    """Return so many songs, or all, at equal distances in their order."""
    return [songs[index * len(songs) // count] for index in range(count)] if count < len(songs) else list(songs)


def measure_duets(player: Musician, songs: Iterable[Song], seed: int) -> tuple[Figures, Figures]:
    """Measure a musician that answers each note of songs.

    Args:
        player: in the mode `next-note`.
        songs: each is performed as a whole.
        seed: of the intervals.

    Returns:
        The figures of what it plays, and those of a diatonic third below the songs.
    """
    own: list[Shares] = []
    thirds: list[Shares] = []
    for song in songs:
        duet = play_duet(player, list(read(song.symbols)))
        for answer, found in ((duet.answer, own), (two_voices.third_below(duet.player), thirds)):
            bits = duet.bits(answer, at_once=player.settings.play.when == "now")
            found.append({**two_voices.figures(duet.player, answer), "bits a note": (sum(bits), len(bits))})
    return figures_of(own, seed), figures_of(thirds, seed)


def goes_on(song: Song) -> bool:
    """Return whether a melody in 4/4 can go on from a song's first bars."""
    return not refusal(song) and song.barlines[0].bar == BAR


def measure_melodies(player: Musician, songs: Iterable[Song], seed: int, limits: Limits) -> dict[int, Figures]:
    """Measure a musician that goes on from the first bars of songs, for each of `LENGTHS`.

    Args:
        player: in the mode `continue`.
        songs: `goes_on` is true of each.
        seed: of the intervals.
        limits: between which range and notes are to lie.
    """
    found: dict[int, list[Shares]] = {bars: [] for bars in LENGTHS}
    for song in songs:
        call = list(read(song.symbols[: CALL_BARS * BAR]))
        notes = play_on(player, call, (max(LENGTHS) + 1) * BAR)
        melody = _melody(song, notes)
        for bars, tunes in found.items():
            tunes.append(_of_melody(melody, bars, limits))
    return {bars: figures_of(tunes, seed) for bars, tunes in found.items()}


class Limits(NamedTuple):
    """Within which nine of ten songs lie: (least, most)."""

    range: tuple[float, float]
    """Semitones from the lowest to the highest note."""
    notes: tuple[float, float]
    """Notes a bar."""


def measure_songs(songs: Iterable[Song], seed: int) -> tuple[Figures, Limits]:
    """Measure songs in 4/4 of `LONG_SONG` bars or more; return between what the middle 90 % of them lie, too."""
    tunes: list[Shares] = []
    for song in songs:
        bars = len(song.symbols) // BAR
        if goes_on(song) and bars >= LONG_SONG:
            notes = sounding(timed(list(read(song.symbols))))
            tunes.append(melodies.figures(_melody(song, notes), bars))
    table = {name: [tune[name][0] / tune[name][1] for tune in tunes] for name in ("range", "notes a bar")}
    lows, highs = zip(*(np.percentile(values or [0], [5, 95]) for values in table.values()), strict=True)
    return figures_of(tunes, seed), Limits(*((float(low), float(high)) for low, high in zip(lows, highs, strict=True)))


def _melody(song: Song, notes: Sequence[SoundingNote]) -> Melody:
    upbeat = -song.barlines[0].position % BAR
    return on_grid(notes, upbeat, BAR, MINOR_TRIAD if song.mode == "minor" else MAJOR_TRIAD)


def _of_melody(melody: Melody, bars: int, limits: Limits) -> Shares:
    found = melodies.figures(melody.cut(bars), bars)
    within = {
        f"{name} within songs'": (float(low <= found[name][0] / found[name][1] <= high), 1.0)
        for name, (low, high) in (("range", limits.range), ("notes a bar", limits.notes))
    }
    returns = {"pairs that return more than 4 times": (float(found["most returns of a pair"][0] > 4), 1.0)}
    return {**found, **returns, **within}
