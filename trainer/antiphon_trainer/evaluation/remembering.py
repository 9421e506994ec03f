"""Remembering: what a network predicts in melodies with a memory mixed in, which learns them as they are played."""

from __future__ import annotations

import numpy as np

from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.past import begun
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats
from antiphon_trainer.dataset.melody import Melody


def remembered(memory: Memory, melody: Melody, predicted: Floats, with_metre: bool) -> Floats:
    """Return the mixture's probabilities at each step of a melody, (step, V); the memory has learned it afterwards.

    Args:
        memory: what was played before.
        melody: what is played.
        predicted: the network's probabilities, (step, V).
        with_metre: whether the memory is told where each step stands in its bar.
    """
    mixed = np.empty_like(predicted)
    past = begun(1)
    for step, token in enumerate(melody.tokens):
        place = place_of(melody, step) if with_metre else None
        network = predicted[step : step + 1]
        mixed[step] = memory.predict(network, past, place)[0]
        past = memory.learn(network, past, place, int(token))
    return mixed


def learn(memory: Memory, melody: Melody, predicted: Floats, with_metre: bool) -> None:
    """Let a memory learn a melody; the arguments are those of `remembered`."""
    past = begun(1)
    for step, token in enumerate(melody.tokens):
        past = memory.learn(
            predicted[step : step + 1], past, place_of(melody, step) if with_metre else None, int(token)
        )


def place_of(melody: Melody, step: int) -> Place | None:
    """Return where a step stands in its bar; None where the metre is unknown."""
    bar = int(melody.bar[step])
    return Place(int(melody.position[step]), bar) if bar else None
