"""The piano roll: notes as bars over time, pitches spelled for the key. Needs matplotlib, which is optional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.files import write_whole
from antiphon.melody.keys import pitch_name
from antiphon.printable import printable

Bar = tuple[float, float, int]
"""A note on the roll: start and end in the time axis's unit, pitch."""
PERFORMER_COLOUR, ANSWER_COLOUR = "#0072B2", "#E69F00"
"""Two colours that colour-blind people can tell apart (Okabe & Ito)."""
_BLACK_KEYS = (1, 3, 6, 8, 10)
_MARGIN = 2
"""Semitones that are shown below the lowest note and above the highest."""
_WIDEST = 24.0
"""Inches of a picture, at most."""


@dataclass(frozen=True)
class Part:
    """Notes in one colour; `height` is the bars', in semitones. A label puts the part in the legend."""

    bars: Sequence[Bar]
    colour: str
    height: float = 0.8
    label: str = ""


@dataclass(frozen=True)
class TimeAxis:
    """The axis below: what it shows, where it ends, how wide it is in inches."""

    label: str
    end: float
    inches: float
    bars: Sequence[float] = ()
    """Where bars begin; they are numbered, and a line stands at each. By default matplotlib chooses the marks."""


def draw_piano_roll(path: Path, parts: Sequence[Part], axis: TimeAxis, sharps: int, title: str) -> None:
    """Write a piano roll as a PNG, or whatever the path ends in (.svg, .pdf).

    Args:
        path: of the picture; it is written whole or not at all.
        parts: with at least one note in all.
        axis: of time.
        sharps: the key signature for which pitches are spelled.
        title: stands above.

    Raises:
        ValueError: matplotlib doesn't know the format.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(min(_WIDEST, axis.inches), 5.2), layout="constrained")
    axes = figure.add_subplot()
    played = sorted({pitch for part in parts for *_, pitch in part.bars})
    for pitch in range(played[0] - _MARGIN, played[-1] + _MARGIN + 1):
        if pitch % 12 in _BLACK_KEYS:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color="#f1f1f1", zorder=0)
    for part in parts:
        axes.barh(
            [pitch for *_, pitch in part.bars],
            [end - start for start, end, _ in part.bars],
            left=[start for start, *_ in part.bars],
            height=part.height,
            color=part.colour,
            edgecolor="white",
            linewidth=0.6,
            label=part.label,
        )
    if axis.bars:
        axes.set_xticks(axis.bars, [str(number + 1) for number in range(len(axis.bars))])
        axes.grid(axis="x", color="#cccccc")
        axes.set_axisbelow(True)
    axes.set_yticks(played, [pitch_name(pitch, sharps) for pitch in played])
    axes.set_ylim(played[0] - _MARGIN - 0.5, played[-1] + _MARGIN + 0.5)
    axes.set_xlim(0, axis.end)
    axes.set_xlabel(axis.label)
    axes.set_ylabel("pitch")
    axes.set_title(printable(title), loc="left", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    if any(part.label for part in parts):
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
    write_whole(path, lambda beside: figure.savefig(beside, dpi=130))
