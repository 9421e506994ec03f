"""The plots of an evaluation: bits per step, reliability, and bits over the length of a song."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.files import check_folder, status_before, write_whole
from antiphon.printable import printable
from antiphon_trainer.evaluation.baselines import UNIFORM
from antiphon_trainer.evaluation.comparison import Entry
from antiphon_trainer.evaluation.scoring import Guesses, Scores, reliability

# Colours that colour-blind people can tell apart (Okabe & Ito), and dashes for those who print in grey.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#999999")
_DASHES = ("-", "--", ":", "-.")
_PICTURES = ("bits.png", "reliability.png", "course.png")
_PLACES = 20
"""Parts that a song is divided into; bits are averaged over each."""

Row = tuple[str, Scores]


def check_can_draw(folder: Path) -> None:
    """Check, before anything is measured, that the plots can take their places in a folder.

    Raises:
        UserError: what stands in one of them isn't replaced.
    """
    check_folder(folder)
    for name in _PICTURES:
        status_before(folder / name)


def draw(entries: Sequence[Entry], folder: Path) -> list[Path]:
    """Draw the plots of an evaluation as PNGs into a folder, and return their paths."""
    # Matplotlib takes what stands between two $ for a formula.
    rows = [(printable(name).replace("$", r"\$"), scores) for entry in entries for name, _, scores in entry.rows()]
    pictures = dict(zip(_PICTURES, (_bits(rows), _reliability(rows), _course(rows)), strict=True))
    for name, figure in pictures.items():
        write_whole(folder / name, partial(figure.savefig, dpi=120))
    return [folder / name for name in pictures]


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _style(index: int) -> dict[str, str]:
    return {"color": _COLOURS[index % len(_COLOURS)], "linestyle": _DASHES[index // len(_COLOURS) % len(_DASHES)]}


def _bits(rows: Sequence[Row]) -> Any:
    figure = _figure(9, 1.4 + 0.42 * len(rows))
    axes = figure.add_subplot()
    bits = [float(scores.bits.mean()) for _, scores in rows]
    bars = axes.barh(range(len(rows)), bits, color=[_style(index)["color"] for index in range(len(rows))])
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, max(bits) * 1.12)
    axes.set_xlabel("bits per step (sixteenth); lower is better")
    axes.set_title("Bits per step", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _reliability(rows: Sequence[Row]) -> Any:
    figure = _figure(11, 7.4)
    for place, (title, guesses) in enumerate(
        (
            ("the likeliest symbol of each step", [scores.steps for _, scores in rows]),
            ("the likeliest pitch of each onset", [scores.pitches for _, scores in rows]),
        )
    ):
        axes = figure.add_subplot(1, 2, place + 1)
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
        for index, ((name, _), each) in enumerate(zip(rows, guesses, strict=True)):
            _draw_reliability(axes, each, name, _style(index))
        axes.set(xlim=(0, 1), ylim=(0, 1), title=title)
        axes.set_xlabel("how sure the model was")
        axes.set_ylabel("how often it was right")
        axes.grid(alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle("Reliability: on the grey line, confidence is what it says (dots: size of the bin)")
    return figure


def _draw_reliability(axes: Any, guesses: Guesses, name: str, style: dict[str, str]) -> None:
    if not len(guesses.confidence):
        return
    confidence, right, share = reliability(guesses)
    axes.plot(confidence, right, linewidth=1.3, label=name, **style)
    axes.scatter(confidence, right, s=6 + 160 * share, color=style["color"], alpha=0.7, linewidths=0)


def _course(rows: Sequence[Row]) -> Any:
    figure = _figure(9, 5.4)
    axes = figure.add_subplot()
    for index, (name, scores) in enumerate(rows):
        if name == UNIFORM:
            continue  # constant, far above the others
        parts = (scores.place * _PLACES).astype(int)
        held = np.bincount(parts, minlength=_PLACES)
        bits = np.bincount(parts, weights=scores.bits, minlength=_PLACES) / np.maximum(held, 1)
        where = (np.arange(_PLACES) + 0.5) * 100 / _PLACES
        axes.plot(where[held > 0], bits[held > 0], marker=".", label=name, **_style(index))
    axes.set_xlabel("place in the song (%)")
    axes.set_ylabel("bits per step (sixteenth)")
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, 100)
    axes.set_title("Bits over the course of a song", loc="left")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
