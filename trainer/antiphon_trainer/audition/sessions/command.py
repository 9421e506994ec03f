"""The command `antiphon-trainer audition --memory`: plays sessions and prints what the memory gains in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.errors import UserError
from antiphon.files import status_before
from antiphon.improviser.memory.weights import weights_of
from antiphon.melody.bundle import Bundle, find_bundle, read_bundle
from antiphon.musician import load_musician
from antiphon.settings import model_folders, read_settings
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.audition.sessions import tenfold
from antiphon_trainer.audition.sessions.measuring import Session, measured
from antiphon_trainer.audition.sessions.playing import heard, told
from antiphon_trainer.audition.sessions.playlists import LENGTH, PLAYLISTS, Choice
from antiphon_trainer.audition.sessions.report import Sessions, draw
from antiphon_trainer.audition.songs import songs_to_hear
from antiphon_trainer.settings import Settings

TENFOLD = "tenfold"
"""What `--only` calls the measure that is no session."""


@dataclass(frozen=True)
class SessionOptions:
    """What is played, and how the figures are shown."""

    songs: Path | None
    """A folder of encoded songs that the bundle never learned from; None is what prepare held out."""
    only: Sequence[str]
    """The sessions to play, by name; none named is all."""
    tunes: int | None
    """Of a session, at most; None is `LENGTH`."""
    seed: int
    picture: Path | None
    """The PNG to draw; None draws none."""
    as_json: bool


def audition_memory(name: str, options: SessionOptions, settings: Settings) -> None:
    """Play sessions to a bundle's musician, and print what its memory gains in them.

    Args:
        name: of the bundle, or its folder.
        options: what is played, and how the figures are shown.
        settings: section `[prepare]` says where prepared songs lie, and which durations are accepted.

    Raises:
        UserError: the bundle or the songs can't be read, or there is no such session.
    """
    known = (*PLAYLISTS, TENFOLD)
    for each in options.only:
        if each not in known:
            raise UserError(f"--only {each}: there is no such session; there is: {', '.join(known)}")
    if options.picture is not None:
        status_before(options.picture)
    bundle = read_bundle(find_bundle(name, model_folders()))
    chosen = [title for title in known if not options.only or title in options.only]
    choice = Choice(
        songs_to_hear(options.songs, settings.prepare), settings.prepare, options.seed, options.tunes or LENGTH
    )
    with screen.stoppable("nothing was written"):
        sessions = _played(bundle, choice, [title for title in chosen if title != TENFOLD])
        folds = tenfold.measure(settings.prepare, options.seed, options.tunes) if TENFOLD in chosen else None
    if options.picture is not None:
        draw(sessions.heard, options.picture)
    if options.as_json:
        figures = {"bundle": name, "seed": options.seed, **sessions.as_json()}
        say_json(figures if folds is None else figures | {TENFOLD: folds.as_json()})
        return
    say(f"{name}: sessions of up to {choice.length} tunes, seed {options.seed}")
    for line in (*sessions.lines(), *(("", folds.line()) if folds is not None else ())):
        say(line)
    if options.picture is not None:
        say(f"picture  {options.picture}")


def _played(bundle: Bundle, choice: Choice, titles: Sequence[str]) -> Sessions:
    musician = load_musician(read_settings(None, {"play": {"model": str(bundle.path.resolve()), "key": "auto"}}))
    by_ear: dict[str, Session] = {}
    by_name: dict[str, Session] = {}
    with screen.progress_bar("playing tunes", len(titles) * choice.length) as advance:
        for title in titles:
            playlist = PLAYLISTS[title](choice)
            by_ear[title] = measured(heard(musician, playlist, advance), bundle.vocabulary)
            by_name[title] = measured(told(bundle, weights_of(bundle), playlist), bundle.vocabulary)
    return Sessions(heard=by_ear, told=by_name)
