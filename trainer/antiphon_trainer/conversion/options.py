"""The options of a conversion. Apart from what converts, because that takes seconds to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from antiphon.melody.bundle import Quantization
from antiphon.melody.grid import STEP

ContextChoice = Literal["auto", "stream", "window"]


@dataclass(frozen=True)
class ConversionOptions:
    """How a network is to be converted."""

    quantization: Quantization = "none"
    """Of the weights."""
    context: ContextChoice = "auto"
    """`auto` takes what the network allows, and measures both where it allows both."""
    step: float = STEP
    """Quarter lengths of a step; it isn't written in a Keras file."""
    corpus: Sequence[str] = ()
    """Scores, folders of scores or folders of encoded songs to compare with; none takes what is at hand."""
    force: bool = False
    """Write a bundle even if the network predicts real melodies worse than chance."""
