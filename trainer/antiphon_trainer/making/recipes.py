"""Recipes: what each bundle that `antiphon-trainer make` makes learns from, and how."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from antiphon.errors import UserError
from antiphon_trainer.corpus.provenance import versions
from antiphon_trainer.corpus.sources import IRISH
from antiphon_trainer.corpus.versions import TENTH
from antiphon_trainer.settings import Settings, read_settings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one bundle is made. A tenth of the tunes is held out, each with all its versions."""

    corpora: tuple[str, ...]
    """As `prepare` takes them."""
    metres: tuple[str, ...] = ()
    """The time signatures of the tunes that it learns from, as ABC writes them; none takes tunes of all."""
    in_twelve: bool = False
    """A third of the tunes in 6/8 is learned from in bars of 12/8: few are written so, and they are played alike."""
    units: int = 192
    """Of the LSTM."""
    epochs: int = 12
    key_epochs: int = 12
    """Of the network that hears the key."""

    def settings(self, folder: Path) -> Settings:
        """Return the settings of `prepare` and `train`; nothing of them comes from the user's own.

        Args:
            folder: everything is written below it.
        """
        prepare = {
            "dataset_path": "",
            "save_path": str(folder / "prepared/songs"),
            "merged_path": str(folder / "prepared/dataset.txt"),
            "mapping_file_path": str(folder / "prepared/mapping.json"),
            "test_target_path": str(folder / "tensors"),
            "durations": "strict",
            "acceptable_durations": [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0],
            "ties": "merged",
            "sequence_length": 256,
            "data_size": 0,
            "is_preprocessing_required": True,
            "held_out": TENTH,
        }
        train = {
            "cues": True,
            "units": [self.units],
            "dropout": 0.3,
            "learning_rate": 0.003,
            "batch_size": 24,
            "epochs": self.epochs,
            "patience": 5,
            "validation_share": 0.05,
            "seed": 1,
            "model_path": str(folder / "bundle/model.keras"),
        }
        return read_settings(None, {"prepare": prepare, "train": train})

    def fingerprint(self) -> str:
        """Return what tells work by this recipe from work by another, or with other programs: a SHA-256."""
        settings = self.settings(Path())
        about = [
            asdict(self),
            msgspec.to_builtins(settings.prepare),
            msgspec.to_builtins(settings.train),
            versions("antiphon", "keras", "tensorflow", "tensorflow-cpu", "music21"),
        ]
        return hashlib.sha256(msgspec.json.encode(about, order="sorted")).hexdigest()


RECIPES = {
    "irish": Recipe(corpora=(IRISH,)),
    "jigs": Recipe(corpora=(IRISH,), metres=("6/8", "12/8"), in_twelve=True, key_epochs=8),
}


def recipe_of(name: str) -> Recipe:
    """Return the recipe of a bundle.

    Raises:
        UserError: there is none of this name; the message lists those that there are.
    """
    if name not in RECIPES:
        raise UserError(f"{name}: there is no recipe of this name; there is: {', '.join(RECIPES)}")
    return RECIPES[name]
