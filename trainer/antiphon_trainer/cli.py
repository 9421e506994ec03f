"""The command line `antiphon-trainer`: prepare, train, convert, evaluate.

What a command needs is imported when it runs: `--help` answers at once, and without the extra too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from antiphon.errors import UserError
from antiphon.melody.bundle import Quantization
from antiphon.melody.grid import STEP
from antiphon.melody.vocabulary import END, HOLD, REST, Signs
from antiphon.settings import Settings, read_settings
from antiphon_trainer import extra, options

app = typer.Typer(
    name="antiphon-trainer",
    help="Turn scores into a Keras LSTM, and that into a bundle which Antiphon plays.",
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def antiphon_trainer(context: typer.Context) -> None:
    """Show the help if no command is named."""
    if context.invoked_subcommand is None:
        extra.require()
        typer.echo(context.get_help())


@app.command()
def prepare(
    corpora: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CORPUS]…",
            help="Folders (searched to the bottom), files (.krn .abc .musicxml .xml .mxl .mid .midi), or the word "
            "'essen': the German part of music21's own ABC copy of the Essen collection (altdeu, ballad, boehme, dva, "
            "erk, fink, kinder, variant, zuccal), which never says minor: the kern originals teach better.",
            show_default="dataset_path of the settings",
        ),
    ] = None,
    held_out: options.HeldOut = None,
    sequence_length: options.SequenceLength = None,
    data_size: options.DataSize = None,
    acceptable_durations: options.Durations = None,
    save_path: options.SavePath = None,
    merged_path: options.MergedPath = None,
    mapping_file_path: options.MappingPath = None,
    test_target_path: options.TensorPath = None,
    preprocess: options.IsRequired = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, metavar="COUNT", help="Processes that parse.", show_default="all cores"),
    ] = None,
    config: options.Config = None,
) -> None:
    """Read scores and write encoded songs, a merged dataset, the mapping and tensors to train on."""
    extra.require()
    settings = read_settings(
        config,
        {
            "prepare": {
                "held_out": held_out,
                "sequence_length": sequence_length,
                "data_size": data_size,
                "acceptable_durations": options.durations(acceptable_durations),
                "save_path": save_path,
                "merged_path": merged_path,
                "mapping_file_path": mapping_file_path,
                "test_target_path": test_target_path,
                "is_preprocessing_required": preprocess,
            }
        },
    )
    from antiphon_trainer.jobs import prepare_corpus

    prepare_corpus(corpora or [settings.prepare.dataset_path], settings.prepare, processes)


@app.command()
def train(
    epochs: options.Epochs = None,
    cues: options.Cues = None,
    units: options.Units = None,
    dropout: options.Dropout = None,
    learning_rate: options.LearningRate = None,
    batch_size: options.BatchSize = None,
    patience: options.Patience = None,
    validation_share: options.ValidationShare = None,
    seed: options.Seed = None,
    out: options.ModelPath = None,
    mapping_file_path: options.MappingPath = None,
    test_target_path: options.TensorPath = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume", help="Go on from the checkpoint of a training that was stopped, if there is one."
        ),
    ] = True,
    config: options.Config = None,
) -> None:
    """Train the LSTM on what prepare stored. Ctrl-C stops it; the same command goes on where it stopped."""
    extra.require()
    settings = read_settings(
        config,
        {
            "prepare": {"mapping_file_path": mapping_file_path, "test_target_path": test_target_path},
            "train": {
                "epochs": epochs,
                "cues": cues,
                "units": units or None,
                "dropout": dropout,
                "learning_rate": learning_rate,
                "batch_size": batch_size,
                "patience": patience,
                "validation_share": validation_share,
                "seed": seed,
                "model_path": out,
            },
        },
    )
    from antiphon_trainer.jobs import train_network

    train_network(settings, resume)


@app.command()
def convert(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A Keras file with its architecture, .keras or .h5, of Keras 3 or of Keras 2 (tf.keras 2.2 to 2.15).",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="The bundle to write, say models/mine; its folder's name names it."),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The mapping written with it.", show_default="mapping.json beside it"),
    ] = None,
    context: options.Context = "auto",
    quantize: Annotated[
        str,
        typer.Option(
            metavar="none|int8", help="int8: weights in 8 bits, a quarter of the size and up to twice as fast."
        ),
    ] = "none",
    step: options.Step = STEP,
    hold: options.Hold = HOLD,
    rest: options.Rest = REST,
    end: options.End = END,
    corpus: options.Corpus = None,
    force: options.Force = False,
    save_path: options.SavePath = None,
    merged_path: options.MergedPath = None,
    config: options.Config = None,
) -> None:
    """Write the bundle that Antiphon plays, after proving that it says the same as the Keras network."""
    extra.require()
    settings = _stored(config, save_path, merged_path)
    from antiphon_trainer.jobs import convert_network

    if quantize not in get_args(Quantization):
        raise UserError(f"--quantize {quantize}: say none or int8")
    if context not in ("auto", "stream", "window"):
        raise UserError(f"--context {context}: say auto, stream or window")
    convert_network(
        model,
        mapping or model.with_name("mapping.json"),
        Signs(hold, rest, end),
        out,
        settings.prepare,
        {"quantization": quantize, "context": context, "step": step, "corpus": corpus or [], "force": force},
    )


@app.command()
def evaluate(
    bundles: Annotated[
        list[str],
        typer.Argument(metavar="BUNDLE…", help="Folders of bundles, or names of models.", show_default=False),
    ],
    songs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Encoded songs, a text file each.", show_default="the songs that prepare held out"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    save_path: options.SavePath = None,
    config: options.Config = None,
) -> None:
    """Print how many bits a step bundles need for songs that they never heard."""
    extra.require()
    settings = _stored(config, save_path, None)
    from antiphon_trainer.jobs import evaluate_bundles

    evaluate_bundles(bundles, songs, settings.prepare, as_json)


def _stored(config: Path | None, save_path: str | None, merged_path: str | None) -> Settings:
    """Read the settings for a command that uses what prepare stored."""
    return read_settings(config, {"prepare": {"save_path": save_path, "merged_path": merged_path}})
