"""The sender: a process of its own that plays the notes of the probe, as another program would.

It opens a port, says "ready", plays when a line comes, says when each note left, and ends when its input does.
"""

from __future__ import annotations

import faulthandler
import json
import random
import sys
import time
from contextlib import closing
from typing import cast

from antiphon import clock
from antiphon.live import priority
from antiphon.midi.backend import Output, System
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import encode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.ports import open_port

NOTES = 50
PACE = 0.010
"""Seconds from note to note, on average: nearer than anybody plays, and half a second for all of them."""
VELOCITY = 1
"""Of the notes, whose pitches go up from 0: whoever connects every new port to a synthesizer hardly hears them."""
LIFE_SECONDS = 60.0
"""Seconds after which it ends itself, whatever hangs."""


def main() -> None:
    """Play on the MIDI system, and through the port, that the arguments name."""
    faulthandler.dump_traceback_later(LIFE_SECONDS, exit=True)  # where RtMidi hangs, nothing else would end it
    system, name, part = cast(System, sys.argv[1]), sys.argv[2], sys.argv[3]
    with closing(load_backend().output(system, name)) as out:
        open_port(out, system, "output", name, part)
        _say("ready")
        if sys.stdin.readline():
            with priority.playing():
                _say(json.dumps(_play(out)))
        sys.stdin.read()


def _play(out: Output) -> list[float]:
    """Play each note and end it. Returns when each was sent, by the clock that the processes of a machine share."""
    chance, sent = random.Random(1), []  # noqa: S311
    for pitch in range(NOTES):
        sent.append(clock.now())
        out.send(encode(NoteOn(pitch, VELOCITY, 1)))
        # Anywhere in an audio period: always at the same place, it would measure that place.
        time.sleep(chance.uniform(PACE / 2, PACE * 3 / 2))
        out.send(encode(NoteOff(pitch, 1)))
    return sent


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
