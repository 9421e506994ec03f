"""A soak in virtual time: millions of random events, played to improvisers of all settings, with every promise checked.

    python -m tests.soak.virtual --events 1000000 --seed 1

It prints one line. Exit code 1 says that a promise wasn't kept, with the seed, the performance and the event: the
same command with `--first PERFORMANCE` plays from there.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from dataclasses import dataclass
from random import Random
from time import perf_counter

from tests.soak.chance import Performer, any_setup
from tests.soak.witness import Witness, memory, size

LONGEST = 100_000
"""Events of a performance; most are far shorter."""
LOOK = 2_000
"""Events after which the state's size is looked at."""
REFERENCES = 0.15
"""Share of the performances that have a reference; these take twice the time."""
LARGEST_STATE = 80_000
"""What `size` may come to. Bounded, some 25,000 of it are the last 512 steps of the memory that learns, which can be
taken back, up to 14,000 are the 64 next notes that are kept prepared, and 7,000 to 20,000 the 512 half bars in which an
accompanist looks for passages; all at once, with what is small, they come to some 69,000. The largest that was seen in
125,000 events of seed 2, performance 4, was 53,161."""


@dataclass
class Tally:
    """What was seen so far."""

    events: int = 0
    performances: int = 0
    answers: int = 0
    note_ons: int = 0
    note_offs: int = 0
    largest: int = 0


class BrokenPromise(Exception):
    """A promise wasn't kept, or something was raised; the cause says what."""


def perform(seed: int, number: int, most: int, tally: Tally) -> None:
    """Play performance `number` of a seed, at most so many events.

    Raises:
        BrokenPromise: see there.
    """
    chance = Random(f"{seed} {number}")  # noqa: S311  no secrets here
    length = min(most, int(100 * (LONGEST / 100) ** chance.random()))
    setup = any_setup(chance)
    has_reference = chance.random() < REFERENCES
    played = 0
    try:
        witness = Witness(setup, has_reference)
        performer = Performer(chance, witness, setup.bpm)
        for played in range(1, length + 1):
            performer.step()
            if played % LOOK == 0:
                look(witness, tally)
        witness.wait(witness.player.now + 20)
        look(witness, tally)
        witness.close(witness.player.now + chance.choice((0.0, 1.0)))
    except Exception as error:
        raise BrokenPromise(
            f"seed {seed}, performance {number}, event {played} ({tally.events + played} in all), {setup}"
        ) from error
    tally.events += length
    tally.performances += 1
    tally.answers += witness.answers
    tally.note_ons += witness.note_ons
    tally.note_offs += witness.note_offs


def look(witness: Witness, tally: Tally) -> None:
    """Look how large the state is."""
    found = size(witness.player)
    tally.largest = max(tally.largest, found)
    assert found <= LARGEST_STATE, f"the state has grown to {found}"


def soak(events: int, seed: int, first: int = 0) -> tuple[Tally, int]:
    """Play performances until there were so many events.

    Returns:
        What was seen, and by how many bytes the process has grown since a tenth of it was played.

    Raises:
        BrokenPromise: see there.
    """
    tally = Tally(performances=first)
    before = 0
    while tally.events < events:
        perform(seed, tally.performances, events - tally.events, tally)
        if not before and tally.events * 10 >= events:
            before = memory()
    return tally, memory() - before


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the performance to begin with")
    given = parser.parse_args()
    start = perf_counter()
    try:
        tally, grown = soak(given.events, given.seed, given.first)
    except BrokenPromise as broken:
        traceback.print_exception(broken)
        return 1
    seconds = perf_counter() - start
    assert tally.note_ons == tally.note_offs
    sys.stdout.write(
        f"{tally.events:,} events in {tally.performances - given.first:,} performances, seed {given.seed}, "
        f"{tally.events / seconds:,.0f} events/s; {tally.answers:,} answers; {tally.note_ons:,} note-ons = "
        f"{tally.note_offs:,} note-offs; largest state {tally.largest:,} entries; memory {grown / 1e6:+.1f} MB\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
