"""Mutated graphs: what passes the trial must not crash the process that plays. Each is tried and played in a fork.

python -m tests.soak.graphs --count 10000 --seed 1
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from antiphon import trial
from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle, read_bundle
from antiphon.melody.model import LiteModel, Metre
from antiphon.memory_limit import limited_memory
from antiphon.quiet import silenced
from antiphon.settings import package_folder

ESSEN = package_folder() / "models" / "essen"
BATCHES = (1, 12)
STEPS = 200
"""Steps that are played of a graph that has passed."""
WORDS = tuple(
    value.to_bytes(4, "little") for value in (0, 1, 2, 12, 255, 1 << 15, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
)
"""What stands in place of a word of the graph: numbers that are sizes, indices and offsets of other tables."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return a graph with one to four changes, most of them where its tables are and not its weights."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        # The tables lie at both ends of the file, and the weights between them.
        end = chance.choice((4096, max(1, len(found)), -16384))
        at = chance.randrange(end) if end > 0 else len(found) + chance.randrange(end, -4)
        kind = chance.choice(("word", "bit", "byte", "copy", "cut"))
        if not found:
            break
        if kind == "word":
            found[at : at + 4] = chance.choice(WORDS)
        elif kind == "bit":
            found[at % len(found)] ^= 1 << chance.randrange(8)
        elif kind == "byte":
            found[at % len(found)] = chance.randrange(256)
        elif kind == "copy":
            source = chance.randrange(max(1, len(found) - 64))
            found[at : at + 16] = found[source : source + 16]
        elif chance.random() < 0.1:
            del found[at:]
    return bytes(found)


def played(bundle: Bundle, chance: random.Random) -> None:
    """Play a bundle as an improviser would: its own samples, with the metre and without."""
    model = LiteModel(bundle, BATCHES)
    draw = np.random.default_rng(chance.randrange(1 << 30))
    for batch in BATCHES:
        tokens, state = np.zeros(batch, np.int32), model.initial_state(batch)
        for step in range(STEPS):
            metre = Metre(np.full(batch, step % 16, np.int32), np.full(batch, 16, np.int32)) if step % 3 else None
            _, state = model.step(tokens, state, metre)
            tokens = draw.integers(0, model.vocabulary_size, batch, dtype=np.int32)


def in_a_fork(work: Callable[[], None]) -> str:
    """Return how work ends in a process of its own: "passed", "refused", or the crash."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            with silenced():
                work()
            code = 0
        except UserError:
            code = 2
        except BaseException as error:  # noqa: BLE001  whatever it is must reach the parent
            sys.stderr.write(f"{error!r}\n")
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return {0: "passed", 2: "refused"}.get(os.WEXITSTATUS(status), "exception")


def soak(count: int, seed: int, first: int = 0) -> tuple[Counter[str], Counter[str]]:
    """Try so many mutated graphs; return how the trials ended, and how the playing of those that had passed.

    The `first` of them are passed over.
    """
    import ai_edge_litert.interpreter  # noqa: F401  once, before all forks

    chance = random.Random(seed)  # noqa: S311  no secrets here
    shipped = read_bundle(ESSEN)
    trials: Counter[str] = Counter()
    plays: Counter[str] = Counter()
    for number in range(count):
        model = mutated(shipped.model, chance)
        if number < first:
            continue
        bundle = Bundle(Path("mutated"), shipped.manifest, shipped.vocabulary, model)
        case = trial.Case("mutated", bundle.manifest, bundle.vocabulary.symbols, bundle.model, b"", BATCHES)

        def tried(case: trial.Case = case) -> None:
            trial.limit_time()
            with limited_memory(trial.MEMORY_BYTES):
                trial.check(case)

        ended = in_a_fork(tried)
        trials[ended] += 1
        if ended == "passed":
            plays[in_a_fork(lambda bundle=bundle: played(bundle, chance))] += 1
        if number % 1000 == 999:
            print(f"{number + 1:,}: {dict(trials)}; played: {dict(plays)}", file=sys.stderr)  # noqa: T201
    return trials, plays


def main() -> None:
    """Soak, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="graphs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="graphs that are passed over, for they were tried before")
    given = parser.parse_args()
    trials, plays = soak(given.count, given.seed, given.first)
    print(f"{given.count - given.first:,} mutated graphs, seed {given.seed}")  # noqa: T201
    print("trials:", ", ".join(f"{count:,} {ended}" for ended, count in trials.most_common()))  # noqa: T201
    print("played:", ", ".join(f"{count:,} {ended}" for ended, count in plays.most_common()))  # noqa: T201
    if set(plays) - {"passed"}:
        raise SystemExit("a graph that had passed its trial crashed the process that played it")


if __name__ == "__main__":
    main()
