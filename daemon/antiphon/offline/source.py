"""The source of `listen` and `render`: the performer's part of a MIDI file, and the settings to hear it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from antiphon.errors import UserError
from antiphon.musician import Musician
from antiphon.parameters import Sync
from antiphon.recording.memories import beside, hash_of, read_memory
from antiphon.recording.midi_reader import read_midi_file
from antiphon.recording.performance_file import Performance, performance_of
from antiphon.recording.session_file import MEMORY, Track, header_of
from antiphon.settings import Settings, read_settings, session_settings

_MISSING = {
    "clock": "holds no MIDI clock (only a set that Antiphon has recorded does, if it was played to one)",
    "link": "Ableton Link can't be followed in a file",
}


class Source(NamedTuple):
    """What is heard of a MIDI file."""

    performance: Performance
    """Of a session the performer's alone."""
    header: dict[str, Any] | None
    """The settings that a session was played with; None in a file by others."""


def read_source(path: Path, say: Callable[[str], None]) -> Source:
    """Read a MIDI file; `say` is told what was forgiven in it, a line a kind.

    Raises:
        UserError: it can't be read, or holds no note that could be melody.
    """
    midi = read_midi_file(path)
    for notice in midi.notices:
        say(f"{path}: {notice}")
    header = header_of(path, midi)
    return Source(performance_of(path, midi, first_tracks=None if header is None else Track.ANTIPHON), header)


def settings_for(
    source: Source,
    play: Mapping[str, Any],
    config: Path | None,
    say: Callable[[str], None],
    replays: bool = False,
) -> Settings:
    """Return the settings to hear a file with: a session's own, or the configured ones, but for the options.

    What the tempo follows must be in the file: where the settings say otherwise, its tempo map is followed, and `say`
    is told so in one line.

    Args:
        source: the file.
        play: the command's options of section `[play]`; a value of None was not given.
        config: the file named with `--config`.
        say: is told what can't be followed.
        replays: a session is played to as it was, with what else reached it: all that its settings say can be followed.

    Raises:
        UserError: a setting is wrong, or an option asks for what the file lacks.
    """
    performance, header = source
    # Whoever gives a tempo wants to hear in it.
    asked: Sync | None = play["sync"] or (None if play["bpm"] is None else "fixed")

    def settings(sync: Sync | None) -> Settings:
        options = {**play, "sync": sync}
        return read_settings(config, {"play": options}) if header is None else session_settings(header, options, config)

    found = settings(asked)
    wanted = found.play.sync
    is_there = wanted in ("fixed", "auto") or (wanted == "clock" and performance.has_clock)
    if is_there or (replays and header is not None and asked is None):
        return found
    missing = f"{performance.path}: {_MISSING[wanted]}"
    if asked is not None:
        raise UserError(f"{missing}; take --sync fixed for its tempo map, or --sync auto for the playing alone")
    say(f"{missing}; its tempo map is followed instead (--sync fixed)")
    return settings("fixed")


def remembering(musician: Musician, path: Path, header: Mapping[str, Any], say: Callable[[str], None]) -> Musician:
    """Return a musician with the memory that a recorded session began with.

    Args:
        musician: who plays to it.
        path: of the recording; the memory lies beside it.
        header: of the recording, which names the memory by its hash.
        say: is told where the memory isn't there, or isn't that one.
    """
    name = header.get(MEMORY)
    if not isinstance(name, str):
        return musician
    file = beside(path.parent, name) if name.isalnum() else path
    try:
        content = read_memory(file)
        if hash_of(content) != name:
            raise UserError(f"{file}: the memory that it began with isn't there")
        return musician.remembering(content, str(file))
    except UserError as error:
        say(f"{error}; the answers won't be the same")
        return musician
