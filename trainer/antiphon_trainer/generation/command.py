"""The command `antiphon-trainer generate`: lets a bundle make up melodies, and writes them as files."""

from __future__ import annotations

from pathlib import Path

from antiphon.files import check_folder
from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.printable import printable
from antiphon.settings import model_folders
from antiphon.streams import say
from antiphon_trainer.generation.sampling import MelodyOptions, sample_melody


def generate_melodies(name: str, options: MelodyOptions, count: int, seed: int, bpm: float, out: Path) -> None:
    """Let a bundle make up melodies, write each as `.mid`, `.musicxml` and `.png`, and print a line for each.

    Args:
        name: of the bundle, or its folder.
        options: bars, metre, key and temperature.
        count: melodies.
        seed: of the first melody; each further one takes the next number.
        bpm: tempo of the files, quarter notes per minute.
        out: the folder to write them to.

    Raises:
        UserError: the bundle can't be read, or makes no melody.
    """
    bundle = read_bundle(find_bundle(name, model_folders()))
    check_folder(out)

    from antiphon.melody.model import LiteModel
    from antiphon_trainer.generation.melody_files import Piece, draw_melody, write_midi, write_score

    model = LiteModel(bundle)
    for number in range(seed, seed + count):
        notes = sample_melody(model, bundle.vocabulary, options, number)
        piece = Piece(printable(f"{bundle.name}, seed {number}"), notes, options.metre, options.sharps, bpm)
        file = out / f"{bundle.name}-{number}.mid"
        write_midi(file, piece)
        write_score(file.with_suffix(".musicxml"), piece)
        draw_melody(file.with_suffix(".png"), piece)
        sounding = sum(note.pitch is not None for note in notes)
        bars = sum(note.steps for note in notes) / options.metre.bar
        say(f"melody   {file} (.musicxml, .png): {sounding} notes, {bars:.4g} bars of {options.metre}")
