"""The command line `antiphon-trainer`: prepare, train, convert, train-key, evaluate, audition, generate.

What a command needs is imported when it runs: `--help` answers at once, and without the extra too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from antiphon.errors import UserError
from antiphon.melody.bundle import Quantization
from antiphon.melody.grid import STEP
from antiphon.melody.keys import parse_key
from antiphon.melody.vocabulary import END, HOLD, REST, SpecialTokens
from antiphon_trainer import extra, options
from antiphon_trainer.settings import Settings, read_settings

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
    durations: options.DurationRule = None,
    acceptable_durations: options.Durations = None,
    ties: options.TieRule = None,
    save_path: options.SavePath = None,
    merged_path: options.MergedPath = None,
    mapping_file_path: options.MappingPath = None,
    test_target_path: options.TensorPath = None,
    preprocess: options.IsRequired = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, metavar="COUNT", help="Processes that parse.", show_default="all cores"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT",
            help="Parse on this Dask cluster; its workers need antiphon[trainer,cluster].",
            show_default="processes of this machine",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing: read every song twice, the second time with music21 (up to a second each), and print "
            "agreements, differences and refusals by reason.",
        ),
    ] = False,
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
                "durations": durations,
                "ties": ties,
                "acceptable_durations": options.durations(acceptable_durations),
                "save_path": save_path,
                "merged_path": merged_path,
                "mapping_file_path": mapping_file_path,
                "test_target_path": test_target_path,
                "is_preprocessing_required": preprocess,
            }
        },
    )
    from antiphon_trainer.dataset.command import check_corpora, prepare_corpus

    if check:
        check_corpora(corpora or [settings.prepare.dataset_path], processes, scheduler)
        return
    prepare_corpus(corpora or [settings.prepare.dataset_path], settings.prepare, processes, scheduler)


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
    from antiphon_trainer.network.command import train_network

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
    """Write the bundle that Antiphon plays, after proving it equal to the Keras network."""
    extra.require()
    settings = _stored(config, save_path, merged_path)
    from antiphon_trainer.conversion.command import convert_network
    from antiphon_trainer.conversion.options import ContextChoice, ConversionOptions

    if quantize not in get_args(Quantization):
        raise UserError(f"--quantize {quantize}: say none or int8")
    if context not in get_args(ContextChoice):
        raise UserError(f"--context {context}: say auto, stream or window")
    convert_network(
        model,
        mapping or model.with_name("mapping.json"),
        SpecialTokens(hold, rest, end),
        out,
        settings.prepare,
        ConversionOptions(cast(Quantization, quantize), cast(ContextChoice, context), step, corpus or (), force),
    )


@app.command("train-key")
def train_key(
    bundle: options.Bundle,
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="COUNT", help="Passes through the songs.", show_default="20")
    ] = None,
    validation_share: options.ValidationShare = None,
    seed: options.Seed = None,
    merged_path: options.MergedPath = None,
    mapping_file_path: options.MappingPath = None,
    test_target_path: options.TensorPath = None,
    config: options.Config = None,
) -> None:
    """Train the small network that hears the key, on what prepare stored, and put it into a bundle."""
    extra.require()
    settings = read_settings(
        config,
        {
            "prepare": {
                "merged_path": merged_path,
                "mapping_file_path": mapping_file_path,
                "test_target_path": test_target_path,
            },
            "train": {"validation_share": validation_share, "seed": seed},
        },
    )
    from antiphon_trainer.key.command import train_key_network

    train_key_network(bundle, epochs, settings)


@app.command()
def evaluate(
    bundles: Annotated[
        list[str],
        typer.Argument(metavar="BUNDLE…", help="Folders of bundles, or names of models.", show_default=False),
    ],
    corpora: Annotated[
        list[str] | None,
        typer.Option(
            "--corpus",
            metavar="CORPUS",
            help="Scores to measure on, as prepare takes them; give it again for more.",
            show_default="the songs that prepare held out",
        ),
    ] = None,
    songs: options.EncodedSongs = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines",
            help="Measure models without a network as well: n-gram and PPM*, from prepare's training songs.",
        ),
    ] = True,
    as_json: options.AsJson = False,
    plots: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Draw pictures (PNG) into it.", show_default="none"),
    ] = None,
    save_path: options.SavePath = None,
    config: options.Config = None,
) -> None:
    """Print, side by side, how well bundles and baselines predict songs that they never learned from."""
    extra.require()
    settings = _stored(config, save_path, None)
    from antiphon_trainer.evaluation.command import EvaluationOptions, evaluate_bundles

    evaluate_bundles(bundles, EvaluationOptions(songs, corpora or (), baselines, as_json, plots), settings.prepare)


@app.command()
def audition(
    bundle: Annotated[
        str, typer.Argument(metavar="[BUNDLE]", help="Folder of a bundle, or name of a model.")
    ] = "essen",
    songs: options.EncodedSongs = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="Measure this part alone; again for more.", show_default="all parts"),
    ] = None,
    as_json: options.AsJson = False,
    seed: Annotated[int, typer.Option(min=0, metavar="NUMBER", help="Of all random choices.")] = 1,
    save_path: options.SavePath = None,
    config: options.Config = None,
) -> None:
    """Show how well a bundle's musician hears and plays, on songs that it never learned from."""
    extra.require()
    settings = _stored(config, save_path, None)
    from antiphon_trainer.audition.command import audition_bundle

    audition_bundle(bundle, songs, only or (), as_json, seed, settings)


@app.command()
def generate(
    bundle: options.Bundle,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the melodies go: .mid, .musicxml and .png each.")
    ] = Path("generated"),
    count: Annotated[int, typer.Option(min=1, max=1000, metavar="COUNT", help="Melodies.")] = 1,
    bars: Annotated[
        int, typer.Option(min=1, max=1000, metavar="BARS", help="Longest length; the model may end earlier.")
    ] = 8,
    metre: Annotated[
        str, typer.Option(metavar="BEATS/UNIT", help="Time signature; a model that takes the metre gets it.")
    ] = "4/4",
    key: Annotated[str, typer.Option(metavar="KEY", help="Key of the melodies, say Eb or c#m.")] = "C",
    seed: Annotated[
        int, typer.Option(min=0, metavar="NUMBER", help="Of the first melody; each further one takes the next number.")
    ] = 1,
    temperature: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="How daring: 0 always the likeliest, 1 as the model believes.",
            show_default="temperature of the settings",
        ),
    ] = None,
    bpm: Annotated[
        float | None,
        typer.Option(
            metavar="BPM", help="Tempo of the files, quarter notes per minute.", show_default="bpm of the settings"
        ),
    ] = None,
    config: options.Config = None,
) -> None:
    """Let a model make up melodies, as MIDI, score and picture. The same seed gives the same files."""
    extra.require()
    settings = read_settings(config, {"play": {"temperature": temperature, "bpm": bpm}})
    from antiphon.melody.metre import parse_metre
    from antiphon_trainer.generation.command import generate_melodies
    from antiphon_trainer.generation.sampling import MelodyOptions

    melody = MelodyOptions(bars, parse_metre(metre, "--metre"), parse_key(key), settings.play.temperature)
    generate_melodies(bundle, melody, count, seed, settings.play.bpm, out)


def _stored(config: Path | None, save_path: str | None, merged_path: str | None) -> Settings:
    """Read the settings of a command that reads prepared songs; None leaves a path as the settings have it."""
    return read_settings(config, {"prepare": {"save_path": save_path, "merged_path": merged_path}})
