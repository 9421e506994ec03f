"""Comparison of bundles and baselines on the same songs, as a table and as values for JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from antiphon.improviser.memory.weights import StartWeights
from antiphon.melody.bundle import Bundle
from antiphon_trainer.corpus.songs import MODES, Song
from antiphon_trainer.evaluation.baselines import measure_baselines
from antiphon_trainer.evaluation.measure import Measured, measure, passes_of
from antiphon_trainer.evaluation.scoring import Figures, Scores

_COLUMNS: tuple[tuple[str, Callable[[Figures], float | None], str], ...] = (
    ("bits per step", lambda f: f.bits_a_step, "{:.4f}"),
    ("per note", lambda f: f.bits_a_note, "{:.3f}"),
    ("per pitch", lambda f: f.bits_a_pitch, "{:.3f}"),
    ("top 1", lambda f: f.top_1, "{:.1%}"),
    ("top 3", lambda f: f.top_3, "{:.1%}"),
    ("calibration", lambda f: f.calibration_error, "{:.4f}"),
    ("of pitch", lambda f: f.pitch_calibration_error, "{:.4f}"),
)
LEGEND = (
    "bits     lower is better. per note: all bits by the onsets; per pitch: given that a note starts",
    "top      how often the pitch was the likeliest, or among the three likeliest, given that a note starts",
    "calibration  how far confidence is from accuracy, on average; of any symbol, and of an onset's pitch",
)


@dataclass(frozen=True, eq=False)
class Entry:
    """A bundle or a baseline with its figures."""

    kind: Literal["bundle", "baseline"]
    name: str
    measured: Measured

    def rows(self) -> Iterator[tuple[str, dict[str, Figures], Scores]]:
        """Yield (name, figures, scores) of each pass over the songs: without the metre and, if measured, with it."""
        yield self.name, self.measured.evaluation.without_metre, self.measured.without_metre
        if self.measured.evaluation.with_metre is not None and self.measured.with_metre is not None:
            yield f"{self.name}, told the metre", self.measured.evaluation.with_metre, self.measured.with_metre

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        figures: dict[str, Any] = msgspec.to_builtins(self.measured.evaluation)
        return {self.kind: self.name} | figures


def passes(bundles: Sequence[Bundle], songs: Sequence[Song], with_baselines: bool) -> int:
    """Return the number of songs, counted once for each pass, that `compare` will report to `advance`."""
    return len(songs) * (sum(map(passes_of, bundles)) + with_baselines)


def compare(
    bundles: Sequence[tuple[str, Bundle]],
    songs: Sequence[Song],
    training: Sequence[Song] | None,
    weights: Sequence[StartWeights],
    advance: Callable[[int], None],
) -> list[Entry]:
    """Measure bundles and, where there are training songs to learn from, the baselines.

    Args:
        bundles: each with the name that the user gave.
        songs: to measure on.
        training: songs that the baselines learn from; None leaves the baselines out.
        weights: with which the bundles' memories begin, to measure them with a memory as well; or none.
        advance: called with the number of songs measured since the last call.
    """
    found = [Entry("bundle", name, measure(bundle, songs, advance)) for name, bundle in bundles]
    for (name, bundle), start in zip(bundles, weights, strict=False):
        found.append(Entry("bundle", f"{name}, with memory", measure(bundle, songs, advance, start)))
    if training is not None:
        baselines = measure_baselines(training, songs, advance)
        found += [Entry("baseline", name, each) for name, each in baselines.items()]
    return found


def table(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the lines of the table: a heading, then a row for each pass over the songs."""
    rows = [(name, figures) for entry in entries for name, figures, _ in entry.rows()]
    modes = [mode for mode in MODES if any(mode in figures for _, figures in rows)]
    width = max(len(name) for name, _ in rows)
    heading = [name for name, *_ in _COLUMNS] + [f"bits {mode}" for mode in modes]
    yield f"{'':<{width}}  " + "  ".join(heading)
    for name, figures in rows:
        cells = [_cell(read(figures["all"]), form) for _, read, form in _COLUMNS]
        cells += [_cell(figures[mode].bits_a_step, "{:.4f}") for mode in modes]
        aligned = (f"{cell:>{len(head)}}" for cell, head in zip(cells, heading, strict=True))
        yield f"{name:<{width}}  " + "  ".join(aligned)


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def summary(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a line on the songs, and one for each bundle that had to fold notes into its vocabulary."""
    first = entries[0].measured.evaluation
    yield f"{first.songs:,} songs, {first.symbols:,} symbols with their ends, {first.onsets:,} onsets"
    for entry in entries:
        folded = entry.measured.evaluation.folded
        if folded:
            yield f"{entry.name}: {folded:,} notes outside its vocabulary were folded"
