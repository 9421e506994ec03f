"""The options of the commands, each with its meaning, unit and default as the help shows them.

Those that mirror `config.toml` take their default from there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from antiphon.errors import UserError
from antiphon.settings import CONFIG_NAME, package_folder

_PACKAGED = tomllib.loads((package_folder() / CONFIG_NAME).read_text(encoding="utf-8"))


def _option(section: str, key: str, name: str, help_text: str, metavar: str) -> Any:
    default = _PACKAGED[section][key]
    shown = ", ".join(map(str, default)) if isinstance(default, list) else str(default)
    return typer.Option(name, help=help_text, metavar=metavar, show_default=shown or "none")


def _prepare(key: str, help_text: str, metavar: str, name: str = "") -> Any:
    return _option("prepare", key, name or "--" + key.replace("_", "-"), help_text, metavar)


def _train(key: str, help_text: str, metavar: str, name: str = "") -> Any:
    return _option("train", key, name or "--" + key.replace("_", "-"), help_text, metavar)


Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings of your own, over those of the package.", metavar="FILE"),
]
SavePath = Annotated[
    str | None, _prepare("save_path", "Folder of the encoded songs, a text file each; prepare replaces it.", "FOLDER")
]
MergedPath = Annotated[
    str | None, _prepare("merged_path", "File of the merged dataset; report.json lies beside it.", "FILE")
]
MappingPath = Annotated[str | None, _prepare("mapping_file_path", "File of the mapping, symbol → token.", "FILE")]
TensorPath = Annotated[str | None, _prepare("test_target_path", "Folder of the stored inputs and targets.", "FOLDER")]
Durations = Annotated[
    str | None,
    _prepare(
        "acceptable_durations",
        "Lengths, in quarter notes, that a song's notes and rests may have, with commas between; "
        "a song with another one is left out.",
        "0.25,0.5,…",
    ),
]
DurationRule = Annotated[
    str | None,
    _prepare(
        "durations",
        "strict: a song may have acceptable durations only; grid: every multiple of a sixteenth is acceptable.",
        "strict|grid",
    ),
]
TieRule = Annotated[
    str | None,
    _prepare("ties", "merged: tied notes are one; written: each written note starts anew.", "merged|written"),
]
SequenceLength = Annotated[
    int | None, _prepare("sequence_length", "Steps (sixteenths) of a training window, 2 or more.", "STEPS")
]
DataSize = Annotated[
    int | None, _prepare("data_size", "Symbols of the merged dataset that are used; 0 is all.", "SYMBOLS")
]
HeldOut = Annotated[
    str | None,
    _prepare(
        "held_out",
        "Songs to keep apart: a file with a catalogue number a line, or 'essen' for the packaged list.",
        "FILE|essen",
    ),
]
IsRequired = Annotated[
    bool | None,
    _option(
        "prepare",
        "is_preprocessing_required",
        "--preprocess/--no-preprocess",
        "Read the scores, or load and check what an earlier run stored (is_preprocessing_required).",
        "",
    ),
]
Cues = Annotated[
    bool | None,
    _option(
        "train",
        "cues",
        "--cues/--no-cues",
        "Remind the network of earlier bars and of the metre, or let it read tokens alone, as the tutorial's does.",
        "",
    ),
]
Units = Annotated[
    list[int] | None, _train("units", "Units of an LSTM layer; give it again for every further layer.", "COUNT")
]
Dropout = Annotated[
    float | None, _train("dropout", "Share of the units that are dropped in a training step, 0 to 1.", "SHARE")
]
LearningRate = Annotated[
    float | None,
    _train(
        "learning_rate", "Of Adam, at its highest; it rises for 200 steps and falls to almost 0 along a cosine.", "RATE"
    ),
]
BatchSize = Annotated[int | None, _train("batch_size", "Windows per training step.", "WINDOWS")]
Epochs = Annotated[int | None, _train("epochs", "Passes through the dataset, at most.", "COUNT")]
Patience = Annotated[
    int | None, _train("patience", "Epochs without a better validation loss before training stops.", "EPOCHS")
]
ValidationShare = Annotated[
    float | None, _train("validation_share", "Share of the songs that validation is measured on, 0 to 1.", "SHARE")
]
Seed = Annotated[int | None, _train("seed", "Of the weights, the order and the validation songs.", "NUMBER")]
ModelPath = Annotated[
    str | None,
    _train(
        "model_path",
        "The Keras file to write; mapping.json, training.json and the history lie beside it.",
        "FILE.keras",
        "--out",
    ),
]
Context = Annotated[
    str,
    typer.Option(
        metavar="auto|stream|window",
        help="What a prediction depends on: all that was heard (stream), or the last window alone. auto measures both "
        "where the network allows both.",
    ),
]
Step = Annotated[
    float,
    typer.Option(
        min=1 / 32,
        max=4,
        metavar="QUARTERS",
        help="Quarter notes that a step of the network lasts; a Keras file doesn't say.",
    ),
]
Hold = Annotated[str, typer.Option(metavar="SYMBOL", help="The mapping's symbol for a hold: what sounds goes on.")]
Rest = Annotated[str, typer.Option(metavar="SYMBOL", help="The mapping's symbol for a rest: silence starts.")]
End = Annotated[str, typer.Option(metavar="SYMBOL", help="The mapping's symbol for the end of a song.")]
Corpus = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH",
        help="Melodies to compare with: a score, a folder of scores, or a folder of encoded songs; give it again for "
        "more. For a network that didn't learn from folk songs.",
        show_default="what prepare stored, or a few old tunes",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Convert even if the network predicts real melodies worse than chance with this mapping."
    ),
]
Bundle = Annotated[
    str, typer.Argument(metavar="BUNDLE", help="Folder of a bundle, or name of a model.", show_default=False)
]
EncodedSongs = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Encoded songs, a text file each.", show_default="the songs that prepare held out"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def durations(text: str | None) -> list[float] | None:
    """Read durations typed with commas between.

    Raises:
        UserError: one is no number.
    """
    if text is None:
        return None
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise UserError(f"--acceptable-durations {text}: numbers with commas between, like 0.25,0.5,1") from None
