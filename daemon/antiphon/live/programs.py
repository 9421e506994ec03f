"""Programs: a program change chooses a bundle, which is loaded beside the playing and then takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable

from msgspec.structs import replace

from antiphon.errors import UserError
from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.inbox import Inbox
from antiphon.melody.bundle import bundle_names
from antiphon.musician import Musician, load_musician
from antiphon.settings import model_folders

MODEL = "model "
"""Begins what a recording says of a bundle that has taken over; its name follows."""


def musician_for(musician: Musician, model: str) -> Musician:
    """Load another model in a musician's place, with the same settings.

    Raises:
        UserError: it can't be had, or counts in other steps than the one that plays.
    """
    play = replace(musician.settings.play, model=model)
    another = load_musician(replace(musician.settings, play=play))
    if another.bundle.manifest.step != musician.bundle.manifest.step:
        raise UserError(f"{model}: its steps are of another length; start again with --model {model}")
    if another.signatures != musician.signatures:
        raise UserError(f"{model}: it listens in other keys; start again with --model {model}")
    return another


class Programs:
    """Chooses bundles by number: 0 is the first by name of those in the model folders.

    Args:
        musician: the one that plays.
        inbox: where the bundle is handed over when it is loaded.
        say: is told what became of it, in words; from another thread.
        took_over: is told, with the time in seconds, who plays on.
    """

    def __init__(
        self,
        musician: Musician,
        inbox: Inbox,
        say: Callable[[str], None],
        took_over: Callable[[float, Musician], None],
    ) -> None:
        self._musician = musician
        self._inbox = inbox
        self._say = say
        self._took_over = took_over
        self._refusals: set[str] = set()

    def choose(self, program: int) -> None:
        """Begin to load the bundle of a program, 0…127; playing goes on meanwhile."""
        names = bundle_names(model_folders())
        if program >= len(names):
            self._refuse(f"program {program + 1}: there are only {len(names)} models: {', '.join(names)}")
            return
        self.choose_name(names[program])

    def choose_name(self, model: str) -> None:
        """Begin to load a bundle by its name; playing goes on meanwhile."""
        if model == self._musician.bundle.name:
            return  # it plays already
        threading.Thread(target=self._load, args=(model,), name="loads a model", daemon=True).start()

    def _load(self, model: str) -> None:
        try:
            another = musician_for(self._musician, model)
        except UserError as error:
            self._refuse(f"{error}; {self._musician.bundle.name} plays on")
            return

        def take_over(improviser: Improviser, time: float) -> list[Timed]:
            self._took_over(time, another)
            self._say(f"model {model}")
            self._musician = another
            return another.take_over(improviser, time)

        self._inbox.tell(take_over)

    def _refuse(self, why: str) -> None:
        """Say why a program isn't there, once: a DAW may choose it again at every start."""
        if why not in self._refusals:
            self._refusals.add(why)
            self._say(why)
