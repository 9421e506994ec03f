"""Assembly: builds a listener and an improviser from the settings and a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from antiphon.errors import UserError
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.listener import Heard, Listener
from antiphon.melody.bundle import Bundle, find_bundle, read_bundle
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import SIGNATURES, parse_key
from antiphon.melody.model import LiteModel
from antiphon.melody.sampling import Sampler
from antiphon.settings import Play, model_folders

LISTENING_MODEL = "essen"
"""The shipped model, which listens where a model plays that can't."""


@dataclass(frozen=True)
class Musician:
    """A loaded model and how it is to play."""

    settings: Play
    bundle: Bundle
    model: LiteModel
    signatures: tuple[int, ...]
    ear: Bundle
    """The bundle that listens: `bundle` itself, or one that can tell twelve keys apart where that can't."""
    ear_model: LiteModel

    def listener(self, bpm: float, start: float) -> Listener:
        """Return a listener that has heard nothing; `start` is the moment, in seconds, from which steps count."""
        tempo = Tempo(bpm, start, steps_per_beat=1 / self.bundle.manifest.step)
        return Listener(self.ear_model, self.ear.vocabulary, self.signatures, tempo, self.settings.phrase_silence)

    def improviser(
        self, bpm: float, start: float, channel: int, on_heard: Callable[[Heard], None] | None = None
    ) -> Improviser:
        """Return an improviser at the start of a performance; see `Improviser` and `listener`."""
        return Improviser(
            listener=self.listener(bpm, start),
            model=self.model,
            vocabulary=self.bundle.vocabulary,
            sampler=Sampler(self.settings.temperature, self.settings.seed),
            channel=channel,
            on_heard=on_heard,
            by_window=self.ear is not self.bundle,
        )


def load_musician(settings: Play) -> Musician:
    """Find, check and load the model that the settings name.

    Raises:
        UserError: the bundle is missing, damaged or of a kind that can't play, or the key is none.
    """
    signatures = SIGNATURES if settings.key == "auto" else (parse_key(settings.key),)
    bundle = read_bundle(find_bundle(settings.model, model_folders()))
    if bundle.manifest.context == "window" and len(signatures) > 1:
        ear = read_bundle(find_bundle(LISTENING_MODEL, model_folders()))
        if ear.manifest.context == "window" or ear.manifest.step != bundle.manifest.step:
            raise UserError(f"{bundle.path}: {ear.name!r} can't listen for it; say the key, for example --key Eb")
        return Musician(settings, bundle, LiteModel(bundle), signatures, ear, LiteModel(ear, (len(signatures),)))
    model = LiteModel(bundle, (1,) if len(signatures) == 1 else (1, len(signatures)))
    return Musician(settings, bundle, model, signatures, bundle, model)
