"""What the memory learns of a performer who is heard: in the key in use, and nothing that is taken back."""

from collections.abc import Iterable

import numpy as np
import pytest

from antiphon.improviser.answering.style import Style
from antiphon.improviser.input.controls import Control
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.memory.learner import MOST_MOVED, Learned
from antiphon.improviser.memory.past import begun
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import SIGNATURES
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameters import Mode
from tests.daemon.players import expectation, improviser, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import ODE_TO_JOY, Tune, events, transposed
from tests.soak.setup import models_of
from tests.soak.witness import size

Events = Iterable[tuple[float, NoteOn | NoteOff]]


def listener(locked: int | None = None) -> Listener:
    found = Listener(ListeningModel(StubModel(), VOCABULARY, SIGNATURES), Timekeeper(Tempo(120)), 2, locked)
    found.memory.share = 1.0
    return found


def hear(hearing: Listener, performance: Events) -> list[HeardNote]:
    heard = []
    for time, event in performance:
        if isinstance(event, NoteOff):
            hearing.note_off(time, event.pitch)
            continue
        note = hearing.note_on(time, event.pitch)
        if isinstance(note, HeardNote):
            heard.append(hearing.recalled(note))
    hearing.finish()
    return heard


def learned(hearing: Listener) -> tuple[object, ...]:
    """Return what shows whether two memories have learned the same."""
    memory = hearing.memory.memory
    past = begun(1)
    seen = []
    probabilities = np.full((1, len(VOCABULARY)), 1 / len(VOCABULARY), np.float32)
    for token in (VOCABULARY.tokens[symbol] for symbol in ("64", "_", "_", "_", "65", "_", "67", "60")):
        past = memory.after(past, np.array([token]))
        seen.append(memory.predict(probabilities, past).tolist())
    return memory.steps, memory.notes, memory.weights, seen


def twice(tune: Tune) -> list[tuple[float, NoteOn | NoteOff]]:
    once = list(events(tune))
    later = once[-1][0] + 3
    return [*once, *((time + later, event) for time, event in once)]


def test_a_tune_that_comes_again_surprises_less() -> None:
    heard = hear(listener(), twice(ODE_TO_JOY))
    frozen = listener()
    frozen.memory.share = 0.0
    alone = hear(frozen, twice(ODE_TO_JOY))
    half = len(ODE_TO_JOY)
    gain = [before.bits - after.bits for before, after in zip(alone, heard, strict=True)]
    assert heard[0].bits == alone[0].bits
    assert sum(gain[half:]) > 20
    assert sum(gain[half:]) > sum(gain[:half])


def test_a_note_that_gives_its_place_to_another_is_not_learned() -> None:
    plain, played = listener(locked=0), listener(locked=0)
    hear(plain, [(0.0, NoteOn(60, 80, 1)), (0.4, NoteOff(60, 1)), (0.5, NoteOn(67, 80, 1)), (1.0, NoteOff(67, 1))])
    chord = [(0.0, NoteOn(60, 80, 1)), (0.4, NoteOff(60, 1)), (0.5, NoteOn(64, 80, 1)), (0.5, NoteOn(67, 80, 1))]
    hear(played, [*chord, (1.0, NoteOff(67, 1))])
    assert learned(played) == learned(plain)
    assert played.memory.memory.notes == 2


def test_a_phrase_moves_to_the_key_that_is_heard_in_it() -> None:
    # The first note is in whichever key; the tune's end says which one it was.
    tune = transposed(ODE_TO_JOY, 3)
    found, told = listener(), listener(locked=-3)
    heard = hear(found, events(tune))
    hear(told, events(tune))
    assert heard[0].sharps != -3
    assert heard[-1].sharps == -3
    assert learned(found) == learned(told)


def test_a_key_that_is_chosen_later_changes_only_the_phrase() -> None:
    chosen, heard = listener(), listener()
    for hearing in (chosen, heard):
        hear(hearing, events(ODE_TO_JOY))
    steps = chosen.memory.memory.steps
    chosen.lock(2)  # in the same phrase: it is learned anew
    chosen.finish()
    assert chosen.memory.memory.steps == steps
    assert learned(chosen) != learned(heard)
    chosen.lock(None)
    chosen.finish()
    assert learned(chosen) == learned(heard)


def test_a_key_that_changes_late_in_a_phrase_moves_its_end_alone() -> None:
    moved, heard = listener(locked=0), listener(locked=0)
    tune = ODE_TO_JOY * 2
    for hearing in (moved, heard):
        hear(hearing, events(tune))
    moved.lock(2)
    moved.finish()
    for hearing in (moved, heard):
        hearing.memory.memory.rewind(heard.memory.memory.steps - MOST_MOVED)
    assert learned(moved) == learned(heard)


def test_a_memory_at_rest_holds_nothing_for_taking_back() -> None:
    hearing = listener()
    hear(hearing, events(ODE_TO_JOY))
    at_rest = hearing.memory.memory
    learned, before = at_rest.steps, size(at_rest)
    assert learned > 0
    hearing.change_model(models_of(1).listening)  # of another vocabulary
    assert hearing.memory.memory is not at_rest
    assert size(at_rest) < before / 2
    at_rest.rewind(0)
    assert at_rest.steps == learned


def test_another_vocabulary_begins_another_memory() -> None:
    hearing = listener()
    hear(hearing, events(ODE_TO_JOY))
    hearing.change_model(ListeningModel(StubModel(), VOCABULARY, SIGNATURES))
    hearing.finish()
    assert hearing.memory.memory.notes == len(ODE_TO_JOY)


def test_what_was_learned_is_expected_and_the_knob_takes_it_back() -> None:
    player = improviser(style=Style(memory=1.0), signatures=(0,))
    odd = [(60, 1), (66, 1), (61, 1), (70, 1)] * 6  # nothing that the stub would expect
    play(player, events(odd), rest=0)
    recalled = dict(expectation(player))
    assert recalled[60] > 0.4
    player.receive(100.0, Control("memory", 0.0))
    player.receive(100.0, NoteOn(70, 80, 1))
    assert dict(expectation(player)).get(60, 0.0) < 0.1


def test_a_display_shows_what_was_learned_and_what_comes_again() -> None:
    player = improviser(style=Style(memory=1.0), signatures=(0,))
    assert player.snapshot().learned == Learned()
    first = list(events(ODE_TO_JOY))
    for time, event in first:
        player.receive(time, event)
    player.advance(first[-1][0] + 5)
    assert player.snapshot().learned.notes == len(ODE_TO_JOY)
    start = first[-1][0] + 5
    for time, event in first[:20]:  # ten notes
        player.receive(start + time, event)
    player.advance(start + first[19][0] + 0.01)
    learned = player.snapshot().learned
    assert learned.notes == len(ODE_TO_JOY) + 10
    assert learned.gain > 0.5
    # The tune's second line, which began like the first, and then its beginning, which was played again since.
    assert learned.quoted == tuple(pitch for pitch, _ in [*ODE_TO_JOY[25:], *ODE_TO_JOY[:3]])
    player.receive(start + 20, Control("memory", 0.0))
    assert player.snapshot().learned.quoted == ()


def answers_to_what_is_odd(mode: Mode, memory: float) -> list[int]:
    player = improviser(style=Style(memory=memory), mode=mode, signatures=(0,))
    odd = [(60, 1), (66, 1), (61, 1), (70, 1)] * 24
    return [note.pitch for _, note in ons(play(player, events(odd), rest=20)) if note.channel == 2]


def test_the_next_note_comes_from_what_was_learned() -> None:
    shares = []
    for memory in (0.0, 1.0):
        lately = answers_to_what_is_odd("next-note", memory)[-12:]
        shares.append(sum(pitch in (66, 61, 70) for pitch in lately) / len(lately))
    assert shares[0] == 0
    assert shares[1] > 0.2


@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_answers_and_melodies_that_go_on_come_from_what_was_learned(mode: Mode) -> None:
    assert answers_to_what_is_odd(mode, 1.0) != answers_to_what_is_odd(mode, 0.0)


def test_nothing_is_read_for_a_memory_that_is_not_mixed_in() -> None:
    hearing = listener()
    hear(hearing, events(ODE_TO_JOY))
    assert hearing.recall is not None
    hearing.memory.share = 0.0
    assert hearing.recall is None and hearing.context.mixture is None
