"""The report of sessions: what is printed, and the picture of what a memory gains over a set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from antiphon.files import write_whole
from antiphon_trainer.audition.sessions.measuring import ALL, PARTS, Session

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
"""Colours that colour-blind people can tell apart (Okabe & Ito)."""
HEARD, TOLD = "heard", "told"


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of all sessions, by name, with the key heard and with the key told."""

    heard: dict[str, Session]
    told: dict[str, Session]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the table."""
        names = [*(name for name, _ in PARTS), ALL]
        yield f"{'bits per step after so many notes':<36}" + "".join(f"{name:>16}" for name in names) + "    per pitch"
        for name, heard in self.heard.items():
            yield ""
            notes = heard.parts[ALL].notes
            yield f"{name}: {heard.tunes} tunes, {notes:,} notes"
            yield from _rows("key heard", heard, names)
            yield from _rows("key told", self.told[name], names)

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        figures: dict[str, Any] = msgspec.to_builtins(self)
        return figures


def _rows(title: str, session: Session, names: list[str]) -> Iterator[str]:
    parts = [session.parts.get(name) for name in names]
    whole = session.parts[ALL]
    rows = (
        (f"  {title}: network alone", "frozen", f"{whole.frozen_pitch:>16.3f}"),
        ("    PPM* of the session alone", "ppm", ""),
        ("    with the memory", "mixed", f"{whole.mixed_pitch:>16.3f}"),
    )
    for label, field, pitch in rows:
        cells = (f"{getattr(part, field):>16.3f}" if part else f"{'-':>16}" for part in parts)
        yield f"{label:<36}" + "".join(cells) + pitch
    gains = (f"{f'{part.gain:.3f} ± {part.error:.3f}' if part else '-':>16}" for part in parts)
    yield f"{'    gain':<36}" + "".join(gains) + f"{f'{whole.gain_pitch:.3f} ± {whole.error_pitch:.3f}':>17}"


def draw(sessions: Mapping[str, Session], file: Path) -> None:
    """Draw what the memory gains in each session over its course, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.add_subplot()
    names = [name for name, _ in PARTS]
    for (title, session), colour in zip(sessions.items(), _COLOURS, strict=False):
        found = [(place, session.parts[name]) for place, name in enumerate(names) if name in session.parts]
        places, parts = zip(*found, strict=True)
        shares = [100 * part.gain / part.frozen for part in parts]
        errors = [100 * part.error / part.frozen for part in parts]
        axes.errorbar(places, shares, yerr=errors, color=colour, marker="o", capsize=3, label=title)
    axes.axhline(0, color="#999999", linewidth=1)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel("notes played so far in the set")
    axes.set_ylabel("fewer bits per step than the network alone (%)")
    axes.set_title("What the memory gains over a set (key heard)", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False)
    write_whole(file, partial(figure.savefig, dpi=120, format="png"))
