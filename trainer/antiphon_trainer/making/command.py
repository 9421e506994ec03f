"""The command `antiphon-trainer make`: follows a recipe, from tunes to a bundle that Antiphon plays by its name."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from platformdirs import user_cache_path

from antiphon.files import status_before, write_folder_whole
from antiphon.melody.bundle import MANIFEST_FILE, read_bundle
from antiphon.melody.vocabulary import SpecialTokens, read_mapping
from antiphon.quiet import silenced
from antiphon.settings import own_models
from antiphon.streams import say
from antiphon_trainer import screen
from antiphon_trainer.corpus import report
from antiphon_trainer.making.compound import is_written_in, sometimes_in_twelve
from antiphon_trainer.making.recipes import Recipe, recipe_of
from antiphon_trainer.settings import Prepare, Settings

_BESIDE = "essen"
"""The bundle whose figures on the held-out tunes are printed beside the new one's."""


def make_bundle(name: str, out: Path | None) -> None:
    """Make a bundle: prepare, train, convert, train the key network and the memory, measure.

    The work lies in the cache folder until the bundle is whole, so that the same command goes on where it was stopped.

    Args:
        name: of the recipe, and of the bundle.
        out: the folder that the bundle's folder is put into; None is the one in which the user's own are found by name.

    Raises:
        UserError: there is no such recipe, or music21's corpus isn't there.
    """
    recipe = recipe_of(name)
    target = (out or own_models()) / name
    if (target / MANIFEST_FILE).is_file():
        say(f"bundle   {target} is there already; remove that folder to make it anew")
        return
    status_before(target, stat.S_IFDIR)
    work = user_cache_path("antiphon", appauthor=False) / "making" / f"{name}-{recipe.fingerprint()[:12]}"
    settings = recipe.settings(work)
    _train(recipe, settings)
    _convert(work / "bundle", settings)
    _complete(work / "bundle", recipe, settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_folder_whole(target, lambda beside: shutil.copytree(work / "bundle", beside, dirs_exist_ok=True))
    named = name if out is None else str(target)
    _measure(named, settings.prepare)
    shutil.rmtree(work, ignore_errors=True)  # a cache: what stays is in nobody's way
    say(f"bundle   {target}")
    say(f"play it  antiphon run --model {named}")


def _train(recipe: Recipe, settings: Settings) -> None:
    """Prepare the tunes and train the network, if that isn't done yet."""
    from antiphon_trainer.network.command import train_network

    model = Path(settings.train.model_path)
    if model.exists():
        say("trained  before")
        return
    model.parent.mkdir(parents=True, exist_ok=True)
    _prepare(recipe, settings.prepare)
    train_network(settings, resume=True)


def _prepare(recipe: Recipe, settings: Prepare) -> None:
    from antiphon_trainer.corpus.engines import local
    from antiphon_trainer.corpus.parsing import cores
    from antiphon_trainer.corpus.sources import collect
    from antiphon_trainer.dataset.prepare import prepare

    sources = [each for each in collect(recipe.corpora) if not recipe.metres or is_written_in(each, recipe.metres)]
    changed = sometimes_in_twelve if recipe.in_twelve else None
    with (
        screen.stoppable("what was parsed is kept: the same command goes on from there"),
        screen.progress_bar("parsing songs", len(sources)) as advance,
    ):
        done = prepare(recipe.corpora, sources, settings, local(cores()), advance, changed)
    for line in report.lines(done.report):
        say(line)


def _convert(folder: Path, settings: Settings) -> None:
    """Convert the network into a bundle beside it, and say what it is worth."""
    if (folder / MANIFEST_FILE).exists():
        return
    model = Path(settings.train.model_path)
    vocabulary = read_mapping(model.with_name("mapping.json"), SpecialTokens())

    from antiphon_trainer.conversion.command import print_figures
    from antiphon_trainer.conversion.keras_file import load_network
    from antiphon_trainer.conversion.options import ConversionOptions

    with screen.stoppable("the network is kept: the same command goes on from there"):
        with silenced():
            network = load_network(model)
            from antiphon_trainer.conversion.convert import convert
            from antiphon_trainer.network.predictor import predictor_of
        options = ConversionOptions(quantization="int8", context="stream")
        bundle, _ = convert(predictor_of(network, vocabulary), model, folder, settings.prepare, options)
    print_figures(bundle.manifest)


def _complete(folder: Path, recipe: Recipe, settings: Settings) -> None:
    """Add the network that hears the key, and the memory's start weights, where they aren't in the bundle yet."""
    from antiphon_trainer.key.command import train_key_network
    from antiphon_trainer.memory.command import train_memory

    if not read_bundle(folder).key_model:
        train_key_network(str(folder), recipe.key_epochs, settings)
    if not read_bundle(folder).memory:
        train_memory(str(folder), settings, is_also_foreign=False)


def _measure(name: str, settings: Prepare) -> None:
    """Print how well the bundle predicts the tunes that were held out, and how well the shipped one does."""
    from antiphon_trainer.evaluation.command import EvaluationOptions, evaluate_bundles

    options = EvaluationOptions(songs=None, corpora=(), baselines=False, memory=False, as_json=False, plots=None)
    evaluate_bundles([_BESIDE, name], options, settings)
