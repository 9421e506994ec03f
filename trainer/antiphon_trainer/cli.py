"""The command line `antiphon-trainer`: prepare, train, convert, train-key, train-memory, make, evaluate and others.

What a command needs is imported when it runs: `--help` answers at once, and without the extra too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from antiphon.errors import UserError
from antiphon.melody.bundle import Quantization
from antiphon.melody.grid import STEP
from antiphon.melody.keys import parse_key
from antiphon.melody.vocabulary import END, HOLD, REST, SpecialTokens
from antiphon.options import of_play, of_section
from antiphon.streams import say
from antiphon_trainer import extra, options
from antiphon_trainer.settings import Half, Settings, read_settings

of_prepare = partial(of_section, "prepare", settings=Settings)
of_train = partial(of_section, "train", settings=Settings)

app = typer.Typer(
    name="antiphon-trainer",
    help="Turn scores into a Keras LSTM, and that into a bundle which Antiphon plays.",
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # it would swallow "[default: …]"
)


@app.callback(invoke_without_command=True)
def antiphon_trainer(context: typer.Context) -> None:
    """Show the help if no command is named."""
    if context.invoked_subcommand is None:
        extra.require()
        for line in context.get_help().splitlines():
            say(line)


@app.command()
@of_prepare()
def prepare(
    prepare: dict[str, Any],
    corpora: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CORPUS]…",
            help="Folders (searched to the bottom), files (.krn .abc .musicxml .xml .mxl .mid .midi), or the word "
            "'essen': the German part of music21's own ABC copy of the Essen collection (altdeu, ballad, boehme, dva, "
            "erk, fink, kinder, variant, zuccal), which never says minor: the kern originals teach better; or 'irish': "
            "the dance tunes and airs of O'Neill, Ryan and Aird that come with music21.",
            show_default="dataset_path of the settings",
        ),
    ] = None,
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
    settings = read_settings(config, {"prepare": prepare})
    from antiphon_trainer.dataset.command import check_corpora, prepare_corpus

    if check:
        check_corpora(corpora or [settings.prepare.dataset_path], processes, scheduler)
        return
    prepare_corpus(corpora or [settings.prepare.dataset_path], settings.prepare, processes, scheduler)


@app.command()
@of_prepare("mapping_file_path", "test_target_path")
@of_train()
def train(
    train: dict[str, Any],
    prepare: dict[str, Any],
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
    settings = read_settings(config, {"prepare": prepare, "train": train})
    from antiphon_trainer.network.command import train_network

    train_network(settings, resume)


@app.command()
@of_prepare("save_path", "merged_path")
def convert(
    prepare: dict[str, Any],
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
    config: options.Config = None,
) -> None:
    """Write the bundle that Antiphon plays, after proving it equal to the Keras network."""
    extra.require()
    settings = read_settings(config, {"prepare": prepare})
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
@of_prepare("merged_path", "mapping_file_path", "test_target_path")
@of_train("validation_share", "seed")
def train_key(
    bundle: options.Bundle,
    train: dict[str, Any],
    prepare: dict[str, Any],
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="COUNT", help="Passes through the songs.", show_default="20")
    ] = None,
    config: options.Config = None,
) -> None:
    """Train the small network that hears the key, on what prepare stored, and put it into a bundle."""
    extra.require()
    settings = read_settings(config, {"prepare": prepare, "train": train})
    from antiphon_trainer.key.command import train_key_network

    train_key_network(bundle, epochs, settings)


@app.command("train-memory")
@of_prepare("save_path", "merged_path", "mapping_file_path", "test_target_path")
@of_train("validation_share", "seed")
def train_memory(
    bundle: options.Bundle,
    train: dict[str, Any],
    prepare: dict[str, Any],
    config: options.Config = None,
) -> None:
    """Learn what the memory's mixture begins with, on what prepare stored and songs of music21, for a bundle."""
    extra.require()
    settings = read_settings(config, {"prepare": prepare, "train": train})
    from antiphon_trainer.memory.command import train_memory as train_start_weights

    train_start_weights(bundle, settings)


@app.command()
def make(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Of the model: irish or jigs; see docs/bundles.md.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The folder that the bundle's folder is put into.",
            show_default="your data folder, where --model NAME finds it",
        ),
    ] = None,
) -> None:
    """Make a bundle that doesn't ship, from tunes that come with music21: up to an hour on two cores.

    It prepares, trains, converts, trains the network that hears the key and the memory's start weights, and measures
    the bundle on tunes held out. Ctrl-C stops it; the same command goes on where it stopped.
    """
    extra.require()
    from antiphon_trainer.making.command import make_bundle

    make_bundle(name, out)


@app.command()
@of_prepare("save_path")
def evaluate(
    prepare: dict[str, Any],
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
    memory: Annotated[
        bool,
        typer.Option(
            "--memory/--no-memory",
            help="Measure each bundle with a memory as well, which begins anew with each song: a millisecond a step.",
        ),
    ] = False,
    as_json: options.AsJson = False,
    plots: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Draw pictures (PNG) into it.", show_default="none"),
    ] = None,
    config: options.Config = None,
) -> None:
    """Print, side by side, how well bundles and baselines predict songs that they never learned from."""
    extra.require()
    settings = read_settings(config, {"prepare": prepare})
    from antiphon_trainer.evaluation.command import EvaluationOptions, evaluate_bundles

    chosen = EvaluationOptions(songs, corpora or (), baselines, memory, as_json, plots)
    evaluate_bundles(bundles, chosen, settings.prepare)


@app.command()
@of_prepare("save_path")
def audition(
    prepare: dict[str, Any],
    bundle: Annotated[
        str, typer.Argument(metavar="[BUNDLE]", help="Folder of a bundle, or name of a model.")
    ] = "essen",
    songs: options.EncodedSongs = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help="Measure this part (with --memory: play this session) alone; again for more.",
            show_default="all",
        ),
    ] = None,
    performances: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Hear the performances by people in this folder, in place of songs; again for more folders. Needs "
            'partitura: pip install "antiphon[trainer,performances]". [default: songs]',
        ),
    ] = None,
    music: Annotated[
        bool, typer.Option("--music", help="Count what a listener hears: two voices together, and melodies that go on.")
    ] = False,
    chords: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Play to the tunes in this folder (.mid, a track for the tune, one for its chords), and count chord "
            "tones. [default: measure songs]",
        ),
    ] = None,
    half: Annotated[
        Half,
        typer.Option(
            help="With --performances or --chords: those whose name has an odd SHA-256, to report, or an even one, to "
            "tune on."
        ),
    ] = "odd",
    most: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="COUNT",
            help="With --performances or --chords: of each folder at most so many, the first by the SHA-256 of their "
            "names; with --music: so many songs, spread over all; with --memory: so many tunes a session. "
            "[default: all; 100 songs; 150 tunes]",
        ),
    ] = None,
    listen: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write a page into this folder on which people compare the bundle's answers with the songs themselves "
            "and with plain sampling, without knowing which is which. [default: measure]",
        ),
    ] = None,
    heard: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Show what they preferred: the page's folder, with the files that they saved in it. "
            "[default: measure]",
        ),
    ] = None,
    memory: Annotated[
        bool,
        typer.Option(
            "--memory",
            help="Play sessions of tunes, and show what the memory gains in them, with keys heard and with keys told.",
        ),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --memory: draw what it gains over a set (PNG).", show_default="none"),
    ] = None,
    as_json: options.AsJson = False,
    seed: Annotated[int, typer.Option(min=0, metavar="NUMBER", help="Of all random choices.")] = 1,
    config: options.Config = None,
) -> None:
    """Show how well a bundle's musician hears and plays, on songs that it never learned from, or hears people play."""
    extra.require()
    if heard is not None:
        from antiphon_trainer.audition.listeners.command import show_preferences

        show_preferences(heard, as_json)
        return
    if performances:
        from antiphon_trainer.audition.performances.command import audition_performances

        audition_performances(bundle, performances, half, most, as_json)
        return
    if chords is not None:
        from antiphon_trainer.audition.music.chord_tones import audition_chords

        audition_chords(bundle, chords, half, most, as_json, seed)
        return
    settings = read_settings(config, {"prepare": prepare})
    if listen is not None:
        from antiphon_trainer.audition.listeners.command import make_page

        make_page(bundle, songs, listen, seed, settings)
        return
    if music:
        from antiphon_trainer.audition.music.command import audition_music

        audition_music(bundle, songs, most, as_json, seed, settings)
        return
    if memory:
        from antiphon_trainer.audition.sessions.command import SessionOptions, audition_memory

        audition_memory(bundle, SessionOptions(songs, only or (), most, seed, plot, as_json), settings)
        return
    from antiphon_trainer.audition.command import audition_bundle

    audition_bundle(bundle, songs, only or (), as_json, seed, settings)


@app.command()
@of_play("temperature", "bpm")
def generate(
    bundle: options.Bundle,
    play: dict[str, Any],
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
    config: options.Config = None,
) -> None:
    """Let a model make up melodies, as MIDI, score and picture. The same seed gives the same files."""
    extra.require()
    settings = read_settings(config, {"play": play})
    from antiphon.melody.metre import parse_metre
    from antiphon_trainer.generation.command import generate_melodies
    from antiphon_trainer.generation.sampling import MelodyOptions

    melody = MelodyOptions(bars, parse_metre(metre, "--metre"), parse_key(key), settings.play.temperature)
    generate_melodies(bundle, melody, count, seed, settings.play.bpm, out)
