"""Notochord's harmonizer with MIDI in memory, run by `compare.py` in an environment that has `notochord`.

The package's own handler of notes runs as published. Only what surrounds it is replaced: its MIDI ports and its
terminal interface by ones that do nothing, and its checkpoint by a model of default size with random weights. A line
with a number comes in; one with as many durations in microseconds, from a note-on to the harmonizer's, goes out.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from unittest.mock import MagicMock

import mido
import torch
from notochord import Notochord

TUNE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
"""What Antiphon's bench plays."""
WARMING = 20
"""Notes that don't count, until caches are warm."""
CHANNEL = 0

Handler = Callable[[mido.Message], None]


class InMemory:
    """Stands in for `iipyper.MIDI`: the handlers are called by hand, and what they send is only timed."""

    only: InMemory
    """The one that the harmonizer made."""
    on_note: Handler
    sent = 0.0
    """When the last note-on was sent, in seconds."""

    def __init__(self, *_ports: object) -> None:
        InMemory.only = self

    def handle(self, type: str | tuple[str, ...], **_filters: object) -> Callable[[Handler], Handler]:
        """Keep the handler of notes."""

        def keep(handler: Handler) -> Handler:
            if "note_on" in type:
                self.on_note = handler
            return handler

        return keep

    def note_on(self, **_note: int) -> None:
        """Take the harmony's note: the answer has come."""
        self.sent = time.perf_counter()

    def note_off(self, **_note: int) -> None:
        """Take the end of a note of the harmony's."""


class Silent:
    """Stands in for the terminal interface."""

    def __call__(self, **_lines: str) -> None:
        """Show nothing."""

    def print(self, *_words: object) -> None:
        """Print nothing."""

    def set_action(self, action: Callable[[], None]) -> Callable[[], None]:
        """Offer nothing."""
        return action


def start() -> InMemory:
    """Set the harmonizer up and return the MIDI that it listens on."""
    torch.manual_seed(1)
    # The package wants PortAudio, for programs that play sound. This one doesn't.
    sys.modules["sounddevice"] = MagicMock()
    app: Any = importlib.import_module("notochord.app.harmonizer")
    app.MIDI, app.NotoTUI = InMemory, Silent
    Notochord.from_checkpoint = classmethod(lambda cls, _path: cls())
    app.main(use_tui=False)
    return InMemory.only


def play(midi: InMemory, notes: int) -> list[float]:
    """Play so many notes and return what each answer took, in microseconds."""
    taken = []
    for number in range(notes):
        pitch = TUNE[number % len(TUNE)] + 3
        note_on = mido.Message("note_on", channel=CHANNEL, note=pitch, velocity=80)
        begun = time.perf_counter()
        midi.on_note(note_on)
        if midi.sent > begun:
            taken.append((midi.sent - begun) * 1e6)
        midi.on_note(mido.Message("note_off", channel=CHANNEL, note=pitch, velocity=0))
    return taken


def main() -> None:
    """Answer requests for measurements until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print is no answer
    midi = start()
    play(midi, WARMING)
    about = {"version": version("notochord"), "with": f"torch {torch.__version__}, {torch.get_num_threads()} threads"}
    print(json.dumps(about), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps({"us": play(midi, int(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
