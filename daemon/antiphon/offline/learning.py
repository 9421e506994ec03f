"""Learning from files: what is played in them is in the memory before the first note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from antiphon.errors import UserError
from antiphon.improviser.memory.stored import begun_with, store
from antiphon.musician import Musician, load_musician
from antiphon.offline.listening import listen
from antiphon.offline.progress import with_progress
from antiphon.offline.source import Source, read_source, remembering
from antiphon.settings import Settings

MIDI_SUFFIXES = (".mid", ".midi")


def musician_for_file(read: Source, settings: Settings, learn: Sequence[Path], say: Callable[[str], None]) -> Musician:
    """Load who hears a file: with the memory that a recorded session began with, and what is to be learned first.

    Args:
        read: the file.
        settings: to hear it with.
        learn: MIDI files, and folders of them.
        say: is told what is missing, and what was learned.

    Raises:
        UserError: the model can't be had, or there is nothing to learn in the files.
    """
    musician = load_musician(settings)
    if read.header is not None:
        musician = remembering(musician, read.performance.path, read.header, say)
    return learn_from(musician, learn, say) if learn else musician


def learn_from(musician: Musician, paths: Sequence[Path], say: Callable[[str], None]) -> Musician:
    """Return a musician who has learned what is played in MIDI files, beside what it had learned before.

    Each file is a tune, heard at its own tempo as the performer's playing is. One that can't be read is passed over.

    Args:
        musician: hears them.
        paths: files, and folders that are searched to the bottom.
        say: is told which files are passed over, and how many notes were learned.

    Raises:
        UserError: a path isn't there, or no file could be read.
    """
    files = midi_files(paths)
    settings = musician.settings
    fixed = msgspec.structs.replace(
        settings,
        play=msgspec.structs.replace(settings.play, sync="fixed"),
        metronome=msgspec.structs.replace(settings.metronome, on=False),
    )
    hears, listening = replace(musician, settings=fixed), musician.models.listening
    memory = begun_with(listening.learned, listening.vocabulary, listening.start_weights)
    before, learned = memory.notes, 0
    for file in with_progress(files, "learning"):
        try:
            listen(hears, read_source(file, say).performance, None, memory)
        except UserError as error:
            say(f"{error}; it is passed over")
        else:
            learned += 1
    if not learned:
        raise UserError(f"{', '.join(map(str, paths))}: holds no MIDI file that can be learned from")
    say(f"learned      {memory.notes - before:,} notes of {learned:,} {'file' if learned == 1 else 'files'}")
    return musician.remembering(store(memory, listening.vocabulary), "what was learned from files")


def midi_files(paths: Sequence[Path]) -> list[Path]:
    """Return the MIDI files among paths, and in the folders among them.

    Raises:
        UserError: a path isn't there.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: is not there; --learn takes MIDI files and folders of them")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [each for each in inside if each == path or (each.suffix.lower() in MIDI_SUFFIXES and each.is_file())]
    return found
