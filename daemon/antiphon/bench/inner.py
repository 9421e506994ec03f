"""In memory: the model's steps, a note's way through the improviser, choosing an answer, and being on time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from msgspec.structs import replace

from antiphon import clock
from antiphon.improviser.events import Event, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import ControlTable
from antiphon.improviser.input.translator import Translator
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.past import begun
from antiphon.live.inbox import Inbox
from antiphon.live.performance import Performance
from antiphon.melody.grid import STEPS_PER_BEAT
from antiphon.midi.codec import encode
from antiphon.midi.late_connection import NoConnection
from antiphon.midi.messages import ClockPulse, ClockStart, NoteOff, NoteOn
from antiphon.midi.protocol import PULSES_PER_QUARTER
from antiphon.musician import Musician
from antiphon.parameters import Play
from antiphon.recording.record import NoRecord

TUNE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
"""The first line of the "Ode to Joy", as pitches, …"""
BEATS = (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.5, 0.5, 2)
"""… and as beats: what is played to the improviser here."""
BPM = 120.0
WARMING = 4
"""Notes that don't count where there are few, until caches are warm."""
_BUSY = "while True: pass"


def playing(musician: Musician, **play: object) -> Musician:
    """Return the musician with other settings in section `[play]`."""
    changed: Play = replace(musician.settings.play, **play)
    return Musician(**{**vars(musician), "settings": replace(musician.settings, play=changed)})


def performance(notes: int, silence: float) -> Iterator[tuple[float, NoteOn | NoteOff]]:
    """Yield events and times (seconds) of `notes` notes: the tune again and again, with `silence` beats between."""
    beat = 60 / BPM
    start = 0.0
    for number in range(notes):
        place = number % len(TUNE)
        yield start, NoteOn(TUNE[place] + 3, 80, 1)
        yield start + 0.9 * BEATS[place] * beat, NoteOff(TUNE[place] + 3, 1)
        start += BEATS[place] * beat + (silence * beat if place == len(TUNE) - 1 else 0)


def step_us(musician: Musician, rows: int, count: int = 3000) -> list[float]:
    """Return how long steps of the model take, in microseconds."""
    model = musician.model
    state, tokens = model.initial_state(rows), np.zeros(rows, np.int32)
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        _, state = model.step(tokens, state)
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def note_us(musician: Musician, notes: int = 600) -> list[float]:
    """Return how long the improviser takes from a note to its answer in mode `next-note`, in microseconds."""
    player = playing(musician, mode="next-note", when="now").improviser(BPM, 0.0, 2)
    taken = []
    for moment, event in performance(notes, silence=2):
        _live_until(player, moment)
        start = time.perf_counter()
        messages = player.receive(moment, event)
        if any(isinstance(each.message, NoteOn) for each in messages):
            taken.append((time.perf_counter() - start) * 1e6)
    return taken


def memory_us(musician: Musician, count: int = 3000) -> list[float]:
    """Return how long the memory takes for a step, in microseconds: to predict it, and to learn what came."""
    listening = musician.models.listening
    vocabulary = listening.vocabulary
    memory, past = Memory(vocabulary, listening.start_weights), begun(1)
    probabilities = np.full((1, len(vocabulary)), 1 / len(vocabulary), np.float32)
    hold = [vocabulary.hold]
    tune = [
        token
        for pitch, beats in zip(TUNE, BEATS, strict=True)
        for token in (vocabulary.pitches[pitch], *(hold * (round(beats * STEPS_PER_BEAT) - 1)))
    ]
    taken = []
    for number in range(count):
        start = time.perf_counter()
        memory.predict(probabilities, past)
        past = memory.learn(probabilities, past, None, tune[number % len(tune)])
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def answer_ms(musician: Musician, answers: int = 40) -> list[float]:
    """Return how long choosing an answer takes, all of it, in milliseconds: a call of four bars, nothing prepared."""
    player = playing(musician, mode="call-response", longest_answer=4).improviser(BPM, 0.0, 2)
    taken = []
    for moment, event in performance(answers * len(TUNE), silence=24):
        while (due := player.next_time()) is not None and due < moment:
            start = time.perf_counter()
            turn = player.turn
            player.advance(due)
            if player.turn is not turn and player.turn.value == "answering":
                taken.append((time.perf_counter() - start) * 1e3)
        player.receive(moment, event)
    return taken


def timing_us(musician: Musician, seconds: float = 4.0) -> list[float]:
    """Return how late notes leave that are planned on the grid, in microseconds, while other cores are busy."""
    player = playing(musician, mode="continue", phrase_silence=0.1).improviser(400.0, 0.0, 2)
    inbox = Inbox(clock.now())
    late: list[float] = []
    original = player.advance

    def advance(moment: float) -> list[Timed]:
        messages = original(moment)
        now = inbox.now()
        late.extend((now - each.time) * 1e6 for each in messages)
        return messages

    player.advance = advance  # type: ignore[method-assign,assignment]
    inbox.put(encode(NoteOn(67, 80, 1)))
    inbox.put(encode(NoteOff(67, 1)))
    with _busy_cores(), _stopped_after(inbox, seconds):
        translator = Translator(ControlTable(), "continue")
        Performance(player, inbox, translator, NoConnection(), NoRecord()).play()
    return late[WARMING:]


def playing_percent(musician: Musician, seconds: int = 20) -> float:
    """Return the share of a core, in percent, that a performance takes with a clock at 120 BPM and a note a step.

    Without the MIDI system's own share: it is played in virtual time.
    """
    player = playing(musician, mode="next-note", when="now", sync="clock").improviser(BPM, 0.0, 2)
    pulse, step = 60 / BPM / PULSES_PER_QUARTER, 60 / BPM / STEPS_PER_BEAT
    events: list[tuple[float, Event]] = [(0.0, ClockStart())]
    events += [(number * pulse, ClockPulse()) for number in range(round(seconds / pulse))]
    for number in range(round(seconds / step)):
        pitch = TUNE[number % len(TUNE)]
        events += [(number * step, NoteOn(pitch, 80, 1)), ((number + 0.9) * step, NoteOff(pitch, 1))]
    start = time.process_time()
    for moment, event in sorted(events, key=lambda pair: pair[0]):
        _live_until(player, moment)
        player.receive(moment, event)
    return (time.process_time() - start) / seconds * 100


def virtual_speed(musician: Musician, notes: int = 1500) -> float:
    """Return how many times faster than real time it plays, hearing every key at every step."""
    player = playing(musician, mode="next-note", when="now").improviser(BPM, 0.0, 2)
    moment, start = 0.0, time.perf_counter()
    for moment, event in performance(notes, silence=2):
        _catch_up(player, moment)
        player.receive(moment, event)
    return moment / (time.perf_counter() - start)


def _catch_up(player: Improviser, moment: float) -> None:
    while (due := player.next_time()) is not None and due < moment:
        player.advance(due)


def _live_until(player: Improviser, moment: float) -> None:
    """Do what the live loop does in the time until `moment`: what is due, and what can be prepared."""
    while True:
        while player.prepare():
            pass
        due = player.next_time()
        if due is None or due >= moment:
            return
        player.advance(due)


@contextmanager
def _busy_cores() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", _BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def _stopped_after(inbox: Inbox, seconds: float) -> Iterator[None]:
    import threading

    timer = threading.Timer(seconds, inbox.stop)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
