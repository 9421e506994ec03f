"""The corpus report as a page of pictures: keys, ranges, durations, lengths and metres of the songs that were kept."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.files import write_whole
from antiphon.melody import keys
from antiphon_trainer.corpus.score import Mode
from antiphon_trainer.corpus.statistics import Statistics

_MAJOR, _MINOR, _OTHER = "#0072B2", "#E69F00", "#999999"
_MOST = 10
"""Bars that a chart names; the rest are one more."""


def draw_corpus(path: Path, counted: Statistics) -> None:
    """Draw the songs as they were written, all splits together, as a PNG.

    Args:
        path: of the picture.
        counted: what was counted of the songs that weren't refused; at least one.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 10))
    FigureCanvasAgg(figure)
    # Placed by hand: matplotlib's own layout draws the page twice to find the same.
    figure.subplots_adjust(left=0.075, right=0.985, top=0.93, bottom=0.06, hspace=0.4, wspace=0.17)
    page = figure.subplots(3, 2)
    figure.suptitle(f"{counted.songs:,} songs, as they are written")
    _draw_keys(page[0, 0], counted.keys)
    _draw_counts(page[0, 1], "metres: a bar's length", counted.bars, "quarter notes", "songs")
    durations = Counter({f"{length:g}": count for length, count in counted.durations.items()})
    _draw_counts(page[1, 0], "durations of notes and rests", durations, "quarter notes", "notes and rests")
    _draw_histogram(page[1, 1], "lengths", counted.lengths, "quarter notes", "songs")
    _draw_histogram(page[2, 0], "ranges: highest less lowest note", counted.ranges, "semitones", "songs")
    _draw_histogram(page[2, 1], "pitches", counted.pitches, "MIDI note number", "notes")
    for axes in page.flat:
        axes.spines[["top", "right"]].set_visible(False)
    write_whole(path, partial(figure.savefig, dpi=90))


def _draw_keys(axes: Any, songs: Counter[tuple[Mode, int]]) -> None:
    """Draw the key signatures, the songs of each mode on top of those of the last."""
    signatures = [f"{abs(sharps)}{'♭' if sharps < 0 else '♯'}" if sharps else "0" for sharps in keys.SIGNATURES]
    bottom = np.zeros(len(signatures))
    colours: dict[Mode, str] = {"major": _MAJOR, "minor": _MINOR, "": _OTHER}
    for mode, colour in colours.items():
        heights = np.array([songs[mode, sharps] for sharps in keys.SIGNATURES])
        if heights.any():
            axes.bar(signatures, heights, bottom=bottom, color=colour, label=mode or "mode unknown")
        bottom += heights
    axes.set_title("keys: their signatures", loc="left")
    axes.set_ylabel("songs")
    axes.legend(frameon=False)


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


def _draw_histogram(axes: Any, title: str, counted: Counter[float], what: str, count: str) -> None:
    """Draw how values are spread; the largest hundredth goes into the last bin, or one long song hides the rest."""
    values = np.array(sorted(counted))
    weights = np.array([counted[value] for value in values])
    end = _quantile(values, weights, 0.99) + 1
    width = max(1, round((end - values[0]) / 30))
    bins = np.arange(values[0] - 0.5, end + width, width)  # a whole number stands in the middle of its bin
    shown = np.minimum(values, bins[-1] - width / 2)
    axes.hist(shown, bins=bins, weights=weights, color=_MAJOR, edgecolor="white", linewidth=0.4)
    median = _quantile(values, weights, 0.5)
    axes.axvline(median, color=_MINOR, label=f"median {median:g}")
    axes.set_title(title, loc="left")
    axes.set_xlabel(what)
    axes.set_ylabel(count)
    axes.legend(frameon=False)


def _quantile(values: npt.NDArray[Any], weights: npt.NDArray[Any], share: float) -> float:
    """Return the least of the values (sorted) that at least this share of the weight doesn't exceed."""
    return float(values[int(np.searchsorted(np.cumsum(weights), share * weights.sum()))])
