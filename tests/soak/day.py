"""A day of playing in virtual time: tunes in all keys and tempi, with the shipped model, heard in every key.

    python -m tests.soak.day --hours 24 --seed 1

It prints one line. Exit code 1 says that a note didn't end, or sounded twice.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from antiphon.improviser.events import Timed
from antiphon.improviser.input.controls import Control
from antiphon.melody.grid import read
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.musician import load_musician
from antiphon.parameters import MODES
from antiphon.settings import read_settings
from tests.soak.witness import memory

TUNES = Path(__file__).parents[2] / "trainer" / "antiphon_trainer" / "conversion" / "tunes"
HOUR = 3600.0
Played = tuple[float, NoteOn | NoteOff | Control]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    improviser = load_musician(read_settings(None, {"play": {"seed": given.seed}})).improviser(100.0, 0.0, 2)
    sounding: set[tuple[int, int]] = set()
    counts = {"played": 0, "answered": 0, "ended": 0}
    wrong = 0

    def look_at(messages: list[Timed]) -> None:
        nonlocal wrong
        for timed in messages:
            if isinstance(timed.message, NoteOn):
                place = (timed.message.channel, timed.message.pitch)
                wrong += place in sounding
                sounding.add(place)
                counts["answered"] += 1
            elif isinstance(timed.message, NoteOff):
                sounding.discard((timed.message.channel, timed.message.pitch))
                counts["ended"] += 1

    start, before, now = perf_counter(), 0, 0.0
    for now, event in _day(random.Random(given.seed), given.hours * HOUR):  # noqa: S311
        counts["played"] += isinstance(event, NoteOn)
        while (due := improviser.next_time()) is not None and due < now:
            look_at(improviser.advance(due))
        look_at(improviser.receive(now, event))
        if not before and now > given.hours * HOUR / 10:
            before = memory()
    look_at(improviser.close(now))
    seconds = perf_counter() - start
    sys.stdout.write(
        f"{now / HOUR:.1f} hours in {seconds:.0f} s ({now / seconds:.0f} × real time), seed {given.seed}: "
        f"{counts['played']:,} notes played; {counts['answered']:,} note-ons, {counts['ended']:,} note-offs, "
        f"{len(sounding)} hanging; memory {(memory() - before) / 1e6:+.1f} MB\n"
    )
    return int(wrong > 0 or len(sounding) > 0 or counts["answered"] != counts["ended"])


def _day(chance: random.Random, seconds: float) -> Iterator[Played]:
    """Yield a day's playing: tune after tune, a silence after each, now and then in another mode."""
    tunes = [list(read(file.read_text(encoding="utf-8").split())) for file in sorted(TUNES.glob("*.txt"))]
    now = 0.0
    while now < seconds:
        if chance.random() < 0.2:
            yield now, Control("mode", chance.choice(MODES))
        step, up = 60 / chance.uniform(70, 140) / 4, chance.randrange(-6, 6)
        for note in chance.choice(tunes):
            if note.pitch is not None:
                early = chance.uniform(0.7, 1.0)
                yield now, NoteOn(note.pitch + up, chance.randrange(40, 110), 1)
                yield now + early * note.steps * step, NoteOff(note.pitch + up, 1)
            now += note.steps * step
        now += chance.choice((1.0, 8.0, 20.0))


if __name__ == "__main__":
    sys.exit(main())
