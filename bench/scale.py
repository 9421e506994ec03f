"""How `prepare` grows: songs, seconds and memory on a corpus, and on it 4 and 16 times over.

    python bench/scale.py FOLDER [--times 1,4,16]

A copy is told from the others by a comment line, so that each song is parsed and kept. Each size is prepared twice:
with nothing known, and again. Memory is the largest resident set of the main process, and of its largest worker.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

COMMENTS = {".krn": b"!! copy %d\n", ".abc": b"%% copy %d\n"}
"""Suffix → a line that says nothing to the reader."""
EVERY = 0.05
"""Seconds between two looks at the memory."""


def main() -> None:
    """Prepare a corpus at each size, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="a folder of kern or ABC files")
    parser.add_argument("--times", default="1,4,16", help="how often the corpus is there, sizes with commas")
    options = parser.parse_args()
    print(f"{'size':>5} {'songs':>8} {'':5} {'seconds':>8} {'s/5,000':>8} {'main MB':>8} {'worker MB':>10}")  # noqa: T201
    for times in map(int, options.times.split(",")):
        with tempfile.TemporaryDirectory() as place:
            songs = sum(_copied(options.corpus, Path(place) / "corpus", times))
            for state in ("new", "known"):
                seconds, megabytes, worker = _prepared(Path(place))
                rate = seconds / songs * 5000
                sizes = f"{seconds:>8.1f} {rate:>8.2f} {megabytes:>8.0f} {worker:>10.0f}"
                print(f"{times:>4}× {songs:>8,} {state:5} {sizes}", flush=True)  # noqa: T201


def _copied(corpus: Path, folder: Path, times: int) -> Iterator[int]:
    """Write the corpus so many times over; yield 1 for each file."""
    for path in corpus.rglob("*"):
        comment = COMMENTS.get(path.suffix.lower())
        for copy in range(times if comment else 0):
            target = folder / str(copy) / path.relative_to(corpus)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((comment or b"") % copy + path.read_bytes())
            yield 1


def _prepared(place: Path) -> tuple[float, float, float]:
    """Prepare the corpus of a folder there; return seconds, and MB of the main process and of the largest worker."""
    command = [sys.executable, "-m", "antiphon_trainer", "prepare", "corpus"]
    environment = os.environ | {"XDG_CACHE_HOME": str(place / "cache")}
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL)
    main_bytes = worker_bytes = 0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            main_bytes = max(main_bytes, watched.memory_info().rss)
            for worker in watched.children(recursive=True):
                worker_bytes = max(worker_bytes, worker.memory_info().rss)
        except psutil.Error:
            pass  # one has just ended
        time.sleep(EVERY)
    if process.returncode:
        sys.exit(f"prepare ended with exit code {process.returncode}")
    return time.monotonic() - start, main_bytes / 1e6, worker_bytes / 1e6


if __name__ == "__main__":
    main()
