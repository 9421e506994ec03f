"""Next notes: one to each note that is heard, drawn when that comes or prepared before for notes that are likely.

What is prepared is kept by all that it depends on, so that it is found only where it is what would be drawn now.
"""

from __future__ import annotations

from typing import NamedTuple

from antiphon.improviser.answering.constraints import History
from antiphon.improviser.answering.drawing import Drawing
from antiphon.improviser.answering.harmonizing import Harmonizer, Surroundings
from antiphon.improviser.answering.next_note import MelodyPosition, NextNote, next_note, note_length
from antiphon.improviser.answering.opening import Openings
from antiphon.improviser.answering.styled_model import StyledModel
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import NoteHypothesis
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.sampling import RandomStream

MOST_PREPARED = 64
"""Next notes that are kept prepared: four for each step of a bar of 4/4."""


class _Inputs(NamedTuple):
    """All that a next note depends on."""

    hypothesis: NoteHypothesis | None
    """Of the note that it answers."""
    styled: StyledModel
    history: History[int]
    stream: RandomStream
    surroundings: Surroundings
    starts_phrase: bool
    """What the memory tells depends on where the phrase began, if the key in use changes with the note."""


class NextNotes:
    """Draws next notes.

    Args:
        openings: give the context.
        listener: hears the performer.
        time: the grid.
        harmonizer: says what a note is to fit.
        drawing: what is drawn from.
    """

    def __init__(
        self, openings: Openings, listener: Listener, time: Timekeeper, harmonizer: Harmonizer, drawing: Drawing
    ) -> None:
        self._openings = openings
        self._listener = listener
        self._time = time
        self._harmonizer = harmonizer
        self._drawing = drawing
        self._prepared: dict[_Inputs, tuple[NextNote, History[int]]] = {}

    def is_wanted(self, density: float) -> bool:
        """Draw whether a note is answered, by the style's density, 0…1."""
        if density >= 1:
            return True
        share, self._drawing.stream = self._drawing.stream.next()
        return share < density

    def draw(self, styled: StyledModel, at_once: bool) -> NextNote:
        """Return the next note, prepared before or drawn now. `length` is to be asked before the next one.

        Args:
            styled: the model that plays, and its style.
            at_once: it sounds together with the note that it answers, and not when the model expects it.
        """
        listener, drawing = self._listener, self._drawing
        surroundings = self._harmonizer.now(styled.style.harmony, at_once)
        starts_phrase = listener.onset == listener.phrase
        inputs = _Inputs(listener.hypothesis, styled, drawing.history, drawing.stream, surroundings, starts_phrase)
        found = self._prepared.get(inputs)
        if found is None:
            at = MelodyPosition(self._openings.context(), self._time.place((listener.onset or 0) + 1))
            found = next_note(styled, at, drawing.history, drawing.stream, surroundings)
        note, drawing.history = found
        self._harmonizer.play(int(styled.vocabulary.symbols[note.token]) + surroundings.semitones, at_once)
        return note

    def length(self, styled: StyledModel, note: NextNote) -> int:
        """Draw how long the next note sounds, in steps. Its random stream ends here."""
        length = note_length(styled, note)
        self._drawing.begin_stream()
        self._prepared.clear()  # no note will be drawn from the stream before
        return length

    def prepare(self, styled: StyledModel) -> bool:
        """Draw the answer to a note that is likely to come now. Returns whether there may be more to prepare."""
        if styled.style.density < 1 or not self._openings.models.shares_context:
            return False
        hypothesis = self._listener.prepare()
        if hypothesis is None:
            return False
        if len(self._prepared) == MOST_PREPARED:
            self._prepared.clear()
        history, stream = self._drawing.history, self._drawing.stream
        surroundings = self._harmonizer.after(styled.style.harmony, hypothesis)
        at = MelodyPosition(self._listener.context_after(hypothesis), hypothesis.place and hypothesis.place.later(1))
        inputs = _Inputs(hypothesis, styled, history, stream, surroundings, starts_phrase=False)
        self._prepared[inputs] = next_note(styled, at, history, stream, surroundings)
        return True
