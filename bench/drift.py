"""Let Antiphon play on by itself for ten minutes, and see whether its notes drift from the grid.

    .venv/bin/python bench/drift.py [--minutes 10]

It prints how late notes leave, in milliseconds, in the first minute and in the last, while other cores are busy.
"""

from __future__ import annotations

import argparse

from msgspec.structs import replace

from antiphon.bench import inner
from antiphon.bench.figures import spread
from antiphon.live import priority
from antiphon.musician import load_musician
from antiphon.settings import read_settings


def main() -> None:
    """Play, and print."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long it plays (default 10)")
    minutes = parser.parse_args().minutes
    settings = read_settings()
    musician = load_musician(replace(settings, play=replace(settings.play, seed=1)))
    with priority.playing():
        late = inner.timing_us(musician, 60 * minutes)
    a_minute = max(1, round(len(late) / minutes))
    print(f"{'late by (ms)':18}{'p50':>8}{'p99':>8}{'n':>6}")  # noqa: T201
    for name, part in (("the first minute", late[:a_minute]), ("the last", late[-a_minute:]), ("all", late)):
        found = spread(part)
        if found is not None:
            print(f"{name:18}{found.p50 / 1000:8.3f}{found.p99 / 1000:8.3f}{found.n:6}")  # noqa: T201


if __name__ == "__main__":
    main()
