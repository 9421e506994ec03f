"""A live soak: a daemon on real JACK ports that is played to while its server is killed, again and again.

    python -m tests.soak.live --minutes 10 --every 30

It prints one line. Exit code 1 says that a note hung at the receiving end, or that the daemon said something was wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil

from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.faults import forsake, server_to_kill
from tests.daemon.live import Daemon, Keyboard, daemon
from tests.daemon.tunes import ODE_IN_E_FLAT

NAME = "Soak"
PHRASE = ODE_IN_E_FLAT[:8]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=30.0, help="seconds from one kill of jackd to the next")
    given = parser.parse_args()
    kills = max(1, round(given.minutes * 60 / given.every))
    with (
        tempfile.TemporaryDirectory() as folder,
        server_to_kill() as server,
        daemon("--name", NAME, "--channel", "2", "--seed", "1", cwd=Path(folder)) as soaked,
    ):
        process = psutil.Process(soaked.process.pid)
        before, heard, hanging = (0, 0.0), 0, 0
        for number in range(kills + 1):
            pianist = Keyboard(NAME)
            answered, sounding = _play(pianist, given.every if number < kills else 5.0)
            heard, hanging = heard + answered, hanging + sounding
            if number == 0:
                before = process.num_fds(), memory(process)
            if number < kills:
                forsake(pianist)
                server.kill()
                server.start()
                soaked.wait_for("server is back")
        files, grown = process.num_fds() - before[0], memory(process) - before[1]
        pianist.__exit__()
        wrong = _stopped(soaked)
    sys.stdout.write(
        f"{given.minutes:g} minutes, jackd killed {kills} times: {heard:,} answers, {hanging} hanging notes, "
        f"{wrong} exceptions; {files:+} files open, memory {grown:+.1f} MB\n"
    )
    return int(hanging > 0 or wrong > 0 or heard == 0)


def memory(process: psutil.Process) -> float:
    """Return what a process has for itself, in megabytes.

    Neither its libraries' pages, which are shared or not with whoever else runs, nor the server's.
    """
    return sum(each.anonymous for each in process.memory_maps()) / 1e6


def _play(pianist: Keyboard, seconds: float) -> tuple[int, int]:
    """Play phrases for a while and let the last one die away. Returns the answers heard, and the notes that hang."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pianist.play(PHRASE)
    answers, sounding = 0, set()
    for each in pianist.hear_out(2.0):
        if isinstance(each.event, NoteOn):
            answers += 1
            sounding.add(each.event.pitch)
        elif isinstance(each.event, NoteOff):
            sounding.discard(each.event.pitch)
    return answers, len(sounding)


def _stopped(soaked: Daemon) -> int:
    """Stop the daemon; return how many exceptions it has told of."""
    soaked.stop()
    return sum("Error" in line or "Traceback" in line for line in [*soaked.said, *soaked.errors().splitlines()])


if __name__ == "__main__":
    sys.exit(main())
