"""Picture: a duet as a piano roll, performer and answer in two colours."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from antiphon.errors import UserError
from antiphon.files import write_whole
from antiphon.improviser.events import Event, NoteOff, NoteOn
from antiphon.melody.keys import signature_name
from antiphon.offline.rendering import Duet
from antiphon.recording.performance_file import Performance

# Two colours that colour-blind people can tell apart (Okabe & Ito).
_PERFORMER, _ANSWER = "#0072B2", "#E69F00"
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_BLACK = (1, 3, 6, 8, 10)

Bar = tuple[float, float, int]
"""A note on the roll: start and end in seconds, pitch."""


def check_can_draw() -> None:
    """Check that pictures can be drawn, before any work is done for one.

    Raises:
        UserError: matplotlib isn't installed.
    """
    if find_spec("matplotlib") is None:
        raise UserError(f"a picture needs matplotlib: {sys.executable} -m pip install matplotlib")


def draw_duet(path: Path, performance: Performance, duet: Duet) -> None:
    """Write a piano roll as a PNG (or whatever the name ends in: .svg, .pdf).

    Raises:
        UserError: the format is unknown.
    """
    from matplotlib.figure import Figure

    performer = note_bars(performance.events(keep_tempo=False))
    answer = note_bars((timed.time, timed.message) for timed in duet.answer)
    end = max(stop for _, stop, _ in performer + answer)
    figure = Figure(figsize=(min(24.0, max(9.0, end * 0.55)), 5.2), layout="constrained")
    axes = figure.add_subplot()
    _draw_keys(axes, performer + answer, end)
    for bars, colour, label, width in (
        (performer, _PERFORMER, "you play", 0.86),
        (answer, _ANSWER, "Antiphon answers", 0.5),
    ):
        axes.barh(
            [pitch for *_, pitch in bars],
            [stop - start for start, stop, _ in bars],
            left=[start for start, *_ in bars],
            height=width,
            color=colour,
            edgecolor="white",
            linewidth=0.6,
            label=label,
        )
    axes.set_xlabel("time (seconds)")
    axes.set_ylabel("pitch")
    key = signature_name(duet.heard[-1].sharps)
    axes.set_title(f"{performance.path.stem}: a duet, heard in {key}", loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
    try:
        write_whole(path, lambda beside: figure.savefig(beside, dpi=130))
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None


def note_bars(events: Iterable[tuple[float, Event]]) -> list[Bar]:
    """Return the notes of a stream of events, in the order of their ends. A note without an end is left out."""
    starts: dict[tuple[int, int], float] = {}
    bars: list[Bar] = []
    for time, event in events:
        if isinstance(event, NoteOn | NoteOff):
            start = starts.pop((event.channel, event.pitch), None)
            if start is not None:
                bars.append((start, time, event.pitch))
            if isinstance(event, NoteOn):
                starts[event.channel, event.pitch] = time
    return bars


def _draw_keys(axes, bars: list[Bar], end: float) -> None:  # type: ignore[no-untyped-def]
    lowest, highest = min(pitch for *_, pitch in bars) - 2, max(pitch for *_, pitch in bars) + 2
    for pitch in range(lowest, highest + 1):
        if pitch % 12 in _BLACK:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color="#f1f1f1", zorder=0)
    played = sorted({pitch for *_, pitch in bars})
    axes.set_yticks(played, [f"{_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in played])
    axes.set_ylim(lowest - 0.5, highest + 0.5)
    axes.set_xlim(0, end)
    axes.spines[["top", "right"]].set_visible(False)
