"""The parts of an audition: what there is to measure, by name.

A part measures one thing. To add one, write a module with a function `measure(bundle, songs, seed) -> Result` and
name it in `PARTS`; the command `antiphon-trainer audition` then shows it, and `--only` and `--json` know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle
from antiphon_trainer.audition import answers, clock, key, relatedness, stream, tempo
from antiphon_trainer.corpus.songs import Song


class Result(Protocol):
    """The figures of a part: the same for the same bundle, songs and seed."""

    def lines(self) -> Iterable[str]:
        """Return the lines of a table, the heading first."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON."""


Part = Callable[[Bundle, Sequence[Song], int], Result]

PARTS: Mapping[str, Part] = {
    "key": key.measure,
    "answers": answers.measure,
    "motifs": relatedness.measure,
    "stream": stream.measure,
    "tempo": lambda _bundle, songs, seed: tempo.measure(songs, seed),
    "clock": lambda _bundle, songs, seed: clock.measure(songs, seed),
}
"""By name, in the order in which they are measured and printed."""


def selected_parts(only: Sequence[str]) -> dict[str, Part]:
    """Return the named parts in the order of `PARTS`; all of them if none is named.

    Raises:
        UserError: there is no part of that name.
    """
    for name in only:
        if name not in PARTS:
            raise UserError(f"--only {name}: there is no such part; there is: {', '.join(PARTS)}")
    return {name: part for name, part in PARTS.items() if not only or name in only}
