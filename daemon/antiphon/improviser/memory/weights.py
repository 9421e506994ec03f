"""The mixture's start weights: defaults, or learned ones from the bundle's optional file."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from antiphon.errors import UserError
from antiphon.improviser.memory.contexts import CLASS_CONTEXTS, PITCH_CONTEXTS
from antiphon.improviser.memory.matches import LENGTH_CLASSES
from antiphon.melody.bundle import MEMORY_FILE, Bundle

CERTAINTY_CLASSES = 12
"""Classes of how much a context has seen, and whether that was always the same: each has a weight of its own."""
FORMAT_VERSION = 1

Weight = Annotated[float, Meta(ge=-10, le=10)]
Floats = npt.NDArray[np.float64]


class StageWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one stage."""

    network: Weight
    """Exponent of the network's distribution."""
    contexts: list[list[Weight]]
    """By context and class of certainty, (context, `CERTAINTY_CLASSES`)."""
    match: list[Weight]
    """By class of length, (`LENGTH_CLASSES`,)."""


class StartWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of both stages: the content of `memory.json` in a bundle."""

    format_version: int = FORMAT_VERSION
    classes: StageWeights
    pitches: StageWeights


def _untrained(contexts: int) -> StageWeights:
    return StageWeights(1.0, [[0.025] * CERTAINTY_CLASSES for _ in range(contexts)], [0.3] * LENGTH_CLASSES)


UNTRAINED = StartWeights(classes=_untrained(len(CLASS_CONTEXTS)), pitches=_untrained(len(PITCH_CONTEXTS)))
"""Where a bundle has none."""


def weights_of(bundle: Bundle) -> StartWeights:
    """Return the weights that a bundle's memory begins with: its own, or the defaults.

    Raises:
        UserError: the bundle's are none, or of another set of contexts.
    """
    return read_weights(bundle.memory, str(bundle.path / MEMORY_FILE))


def read_weights(content: bytes, where: str) -> StartWeights:
    """Read the content of a bundle's `memory.json`; of an empty one, the defaults.

    Raises:
        UserError: it is none, or of another set of contexts.
    """
    if not content:
        return UNTRAINED
    try:
        found = msgspec.json.decode(content, type=StartWeights)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{where}: holds no start weights of a memory ({error}); train them again") from None
    if found.format_version != FORMAT_VERSION:
        raise UserError(
            f"{where}: format version {found.format_version}; this Antiphon reads version {FORMAT_VERSION}: "
            "update Antiphon or train the weights again"
        )
    for stage, contexts in ((found.classes, CLASS_CONTEXTS), (found.pitches, PITCH_CONTEXTS)):
        shape = [len(row) for row in stage.contexts]
        if shape != [CERTAINTY_CLASSES] * len(contexts) or len(stage.match) != LENGTH_CLASSES:
            raise UserError(f"{where}: is of another set of contexts than this Antiphon's; train the weights again")
    return found
