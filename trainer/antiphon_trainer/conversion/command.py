"""The command `antiphon-trainer convert`: converts a Keras file into a bundle and says how well the two agree."""

from __future__ import annotations

import shlex
import shutil
import stat
import sys
from pathlib import Path

from antiphon.files import status_before
from antiphon.melody.bundle import Manifest
from antiphon.melody.grid import STEP
from antiphon.melody.vocabulary import SpecialTokens, read_mapping
from antiphon.quiet import silenced
from antiphon.streams import say
from antiphon_trainer import screen
from antiphon_trainer.conversion.options import ConversionOptions
from antiphon_trainer.settings import Prepare


def convert_network(
    model: Path, mapping: Path, special: SpecialTokens, out: Path, settings: Prepare, options: ConversionOptions
) -> None:
    """Convert a Keras file into a bundle that is proven equal to it, and print the figures.

    Args:
        model: the Keras file.
        mapping: its `mapping.json`.
        special: the mapping's symbols for hold, rest and end.
        out: the bundle's folder.
        settings: where prepared songs lie, to compare with.
        options: how to convert.

    Raises:
        UserError: a file can't be read, the network can't be played, or the bundle differs from it; nothing was
            written.
    """
    status_before(out, stat.S_IFDIR)
    vocabulary = read_mapping(mapping, special)

    from antiphon_trainer.conversion.keras_file import load_network

    with screen.stoppable("nothing was written"):
        with silenced():
            network = load_network(model)
            from antiphon_trainer.conversion.convert import convert
            from antiphon_trainer.network.predictor import predictor_of
        predictor = predictor_of(network, vocabulary)
        bundle, choice = convert(predictor, model, out, settings, options)
    say(f"context  {choice.context}: {choice.reason}")
    print_figures(bundle.manifest)
    say(
        f"bundle   {out}: {len(bundle.model):,} bytes, "
        f"V = {bundle.manifest.vocabulary_size}, S = {bundle.manifest.state_size}"
    )
    _print_how_to_play(bundle.manifest, out)


def print_figures(manifest: Manifest) -> None:
    """Print how well a bundle agrees with its network, and how well it predicts songs held out."""
    say(
        "parity   largest difference {largest_difference:.1e} on {melodies}; "
        "bits per step: Keras {keras_bits_a_step:.4f}, bundle {bundle_bits_a_step:.4f}".format(**manifest.parity)
    )
    if manifest.held_out:
        line = "held out {bits_a_step:.4f} bits per step on {songs} songs, {symbols:,} symbols"
        with_metre = "; told the metre {bits_a_step_with_metre:.4f}" if manifest.inputs else ""
        say((line + with_metre).format(**manifest.held_out))


def _print_how_to_play(manifest: Manifest, out: Path) -> None:
    key = ""
    if manifest.context == "window":
        has_usual_step = manifest.step == STEP
        listens = "the model 'essen' listens for the key" if has_usual_step else "give the key that you play in"
        say(f"key      a window bundle can't tell keys apart: {listens}")
        key = "" if has_usual_step else " --key C"
    say(f"play it  {_antiphon()} run --model {shlex.quote(str(out))}{key}")


def _antiphon() -> str:
    """Return the command that starts the daemon from here: it may be in an environment that isn't on the PATH."""
    beside = Path(sys.executable).with_name("antiphon")
    is_here = beside.exists() and beside.is_relative_to(Path.cwd())
    return shlex.quote(str(beside.relative_to(Path.cwd()))) if is_here and not shutil.which("antiphon") else "antiphon"
