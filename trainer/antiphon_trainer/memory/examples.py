"""Examples for start weights: what each stage of the mixture saw at each step of sessions, and what came then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.past import begun
from antiphon.improviser.memory.stage import Features
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.dataset.melody import Melody
from antiphon_trainer.evaluation.remembering import place_of


@dataclass(frozen=True, eq=False)
class Examples:
    """The steps of one stage; x is an outcome of it: a class, or a pitch."""

    features: Floats
    """(step, feature, x)."""
    classes: npt.NDArray[np.int64]
    """Which of its weights each feature has, (step, feature)."""
    network: Floats
    """The network's distribution, (step, x)."""
    came: npt.NDArray[np.int64]
    """The outcome, (step,)."""


def examples(
    vocabulary: Vocabulary, melodies: Sequence[Melody], predicted: Sequence[Floats], with_metre: bool
) -> tuple[Examples, Examples]:
    """Play a session to a new memory, and return the examples of its two stages: classes, and pitches.

    Args:
        vocabulary: of the melodies' tokens.
        melodies: of the session, in their order.
        predicted: what the network predicts in each, (step, V).
        with_metre: whether the memory is told where each step stands in its bar.
    """
    memory = Memory(vocabulary)
    classes: list[tuple[Features, int]] = []
    pitches: list[tuple[Features, int]] = []
    for melody, network in zip(melodies, predicted, strict=True):
        past = begun(1)
        for step, token in enumerate(melody.tokens):
            place = place_of(melody, step) if with_metre else None
            came, pitch = memory.outcome(int(token))
            of_class, of_pitch = memory.stages(network[step : step + 1], past, place)
            classes.append((of_class, came))
            if pitch is not None:
                pitches.append((of_pitch, pitch))
            past = memory.learn(network[step : step + 1], past, place, int(token))
    return _collected(classes), _collected(pitches)


def _collected(steps: Sequence[tuple[Features, int]]) -> Examples:
    def stacked(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(features, name) for features, _ in steps])

    return Examples(stacked("features"), stacked("classes"), stacked("network"), np.array([came for _, came in steps]))


def joined(parts: Sequence[Examples]) -> Examples:
    """Return the examples of several sessions as one."""
    return Examples(
        features=np.concatenate([part.features for part in parts]),
        classes=np.concatenate([part.classes for part in parts]),
        network=np.concatenate([part.network for part in parts]),
        came=np.concatenate([part.came for part in parts]),
    )
