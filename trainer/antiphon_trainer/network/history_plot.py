"""The plot of a training's history."""

from __future__ import annotations

from pathlib import Path

from antiphon.files import write_whole
from antiphon_trainer.network.progress import Progress


def draw_history(progress: Progress, path: Path) -> None:
    """Draw the bits per step of every epoch, in training and validation, as a PNG; the best epoch is marked."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    numbers = [epoch.number for epoch in progress.epochs]
    axes.plot(numbers, [e.training_bits for e in progress.epochs], marker=".", label="training (with dropout)")
    axes.plot(numbers, [e.validation_bits for e in progress.epochs], marker=".", label="validation")
    best = progress.best
    label = f"best: epoch {best.number}, {best.validation_bits:.3f} bits"
    axes.axvline(best.number, color="grey", linestyle=":", label=label)
    axes.set_title("Training history")
    axes.set_xlabel("epoch")
    axes.set_ylabel("bits per step (sixteenth)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    write_whole(path, lambda beside: figure.savefig(beside, dpi=120))
