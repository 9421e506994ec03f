"""Programs: a program change chooses a bundle, which is loaded beside the playing and then takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable

from antiphon.errors import UserError
from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.inbox import Inbox
from antiphon.melody.bundle import bundle_names
from antiphon.musician import Musician, musician_for
from antiphon.recording.entries import ModelChanged
from antiphon.settings import model_folders


class Programs:
    """Chooses bundles by number: 0 is the first by name of those in the model folders.

    Args:
        musician: the one that plays.
        inbox: is asked to let a bundle take over when it is loaded.
        say: is told what became of it, in words; from any thread.
    """

    def __init__(self, musician: Musician, inbox: Inbox, say: Callable[[str], None]) -> None:
        self.musician = musician
        self._loaded: dict[str, Musician] = {}
        self._inbox = inbox
        self._say = say
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
        if model == self.musician.bundle.name:
            return  # it plays already
        threading.Thread(target=self._load, args=(model,), name="loads a model", daemon=True).start()

    def _load(self, model: str) -> None:
        try:
            another = musician_for(self.musician, model)
        except UserError as error:
            self._refuse(f"{error}; {self.musician.bundle.name} plays on")
            return

        self._loaded[another.bundle.name] = another
        self._inbox.ask(ModelChanged(another.bundle.name))

    def take_over(self, model: str, improviser: Improviser, time: float) -> list[Timed]:
        """Let a bundle that is loaded play from now on, a time in seconds; on the playing thread."""
        self.musician = self._loaded[model]
        self._say(f"model {model}")
        return self.musician.take_over(improviser, time)

    def _refuse(self, why: str) -> None:
        """Say why a program isn't there, once: a DAW may choose it again at every start."""
        if why not in self._refusals:
            self._refusals.add(why)
            self._say(why)
