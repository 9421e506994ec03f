"""The corpus report as a page of pictures: keys, ranges, durations, lengths and metres of the songs that were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.files import write_whole
from antiphon.melody import keys
from antiphon_trainer.corpus.score import Score

_MAJOR, _MINOR, _OTHER = "#0072B2", "#E69F00", "#999999"
_MOST = 10
"""Bars that a chart names; the rest are one more."""


def draw_corpus(path: Path, scores: Sequence[Score]) -> None:
    """Draw the songs as they were written, all splits together, as a PNG.

    Args:
        path: of the picture.
        scores: of the songs that weren't refused; at least one.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 10))
    FigureCanvasAgg(figure)
    # Placed by hand: matplotlib's own layout draws the page twice to find the same.
    figure.subplots_adjust(left=0.075, right=0.985, top=0.93, bottom=0.06, hspace=0.4, wspace=0.17)
    page = figure.subplots(3, 2)
    figure.suptitle(f"{len(scores):,} songs, as they are written")
    _draw_keys(page[0, 0], scores)
    _draw_counts(page[0, 1], "metres: a bar's length", Counter(map(_bar, scores)), "quarter notes", "songs")
    durations = Counter(f"{note.quarter_length:g}" for score in scores for note in score.notes)
    _draw_counts(page[1, 0], "durations of notes and rests", durations, "quarter notes", "notes and rests")
    lengths = [sum(note.quarter_length for note in score.notes) for score in scores]
    _draw_histogram(page[1, 1], "lengths", lengths, "quarter notes", "songs")
    sounding = [[note.pitch for note in score.notes if note.pitch is not None] for score in scores]
    ranges = [max(pitches) - min(pitches) for pitches in sounding]
    _draw_histogram(page[2, 0], "ranges: highest less lowest note", ranges, "semitones", "songs")
    every = [pitch for pitches in sounding for pitch in pitches]
    _draw_histogram(page[2, 1], "pitches", every, "MIDI note number", "notes")
    for axes in page.flat:
        axes.spines[["top", "right"]].set_visible(False)
    write_whole(path, partial(figure.savefig, dpi=90))


def _draw_keys(axes: Any, scores: Sequence[Score]) -> None:
    """Draw the key signatures, the songs of each mode on top of those of the last."""
    signatures = [f"{abs(sharps)}{'♭' if sharps < 0 else '♯'}" if sharps else "0" for sharps in keys.SIGNATURES]
    bottom = np.zeros(len(signatures))
    for mode, colour in (("major", _MAJOR), ("minor", _MINOR), ("", _OTHER)):
        counted = Counter(keys.normalised(score.sharps) for score in scores if score.mode == mode)
        heights = np.array([counted[sharps] for sharps in keys.SIGNATURES])
        if heights.any():
            axes.bar(signatures, heights, bottom=bottom, color=colour, label=mode or "mode unknown")
        bottom += heights
    axes.set_title("keys: their signatures", loc="left")
    axes.set_ylabel("songs")
    axes.legend(frameon=False)


def _bar(score: Score) -> str:
    """Return the length of the song's bars, or that there are several, or that there is none."""
    lengths = {bar.length for bar in score.bars if bar.length}
    if len(lengths) > 1:
        return "mixed"
    return f"{lengths.pop():g}" if lengths else "none"


def _draw_counts(axes: Any, title: str, counted: Counter[str], what: str, count: str) -> None:
    """Draw how often each value occurs: the commonest, in rising order, then words, then all others as one."""
    common = dict(counted.most_common(_MOST))
    others = counted.total() - sum(common.values())
    names = sorted(common, key=lambda name: (not name[0].isdigit(), float(name) if name[0].isdigit() else 0, name))
    heights = [common[name] for name in names]
    if others:
        names, heights = [*names, "other"], [*heights, others]
    axes.bar(names, heights, color=_MAJOR)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_title(title, loc="left")
    axes.set_xlabel(what)
    axes.set_ylabel(count)


def _draw_histogram(axes: Any, title: str, values: Sequence[float], what: str, count: str) -> None:
    """Draw how values are spread; the largest hundredth goes into the last bin, or one long song hides the rest."""
    end = float(np.percentile(values, 99)) + 1
    width = max(1, round((end - min(values)) / 30))
    bins = np.arange(min(values) - 0.5, end + width, width)  # a whole number stands in the middle of its bin
    axes.hist(np.minimum(values, bins[-1] - width / 2), bins=bins, color=_MAJOR, edgecolor="white", linewidth=0.4)
    axes.axvline(float(np.median(values)), color=_MINOR, label=f"median {np.median(values):g}")
    axes.set_title(title, loc="left")
    axes.set_xlabel(what)
    axes.set_ylabel(count)
    axes.legend(frameon=False)
