"""Writes the tunes as MIDI files, as a DAW would export them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import mido

from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.recording.entries import Received, Sent
from tests.daemon.tunes import Tune, events


def save_tune(path: Path, tune: Tune, bpm: float = 120, legato: float = 0.9) -> Path:
    """Write a tune to one track with its tempo."""
    return save_events(path, events(tune, bpm, legato), bpm)


def save_events(path: Path, played: Iterable[tuple[float, NoteOn | NoteOff]], bpm: float = 120) -> Path:
    """Write notes and their times in seconds, by time, to one track with its tempo."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = file.add_track("Tune")
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
    now = 0
    for time, event in played:
        tick = round(time * bpm / 60 * 480)
        track.append(mido.Message.from_bytes(encode(event), time=tick - now))
        now = tick
    file.save(path)
    return path


def received(seconds: float, data: Sequence[int]) -> tuple[float, Received]:
    """Return what a recorder is given where a message has come."""
    return seconds, Received(bytes(data), decode(data))


def sent(seconds: float, data: Sequence[int]) -> tuple[float, Sent]:
    """Return what a recorder is given where a message has left."""
    return seconds, Sent(bytes(data), decode(data))
