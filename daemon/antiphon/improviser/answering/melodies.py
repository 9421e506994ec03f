"""A melody that goes on from what was heard: in phrases of a form, or note by note as the model has it."""

from __future__ import annotations

from antiphon.improviser.answering.drawing import Drawing
from antiphon.improviser.answering.harmonizing import Harmonizer
from antiphon.improviser.answering.next_note import MelodyPosition, melody_note
from antiphon.improviser.answering.opening import Opening, Openings, ReplyInputs
from antiphon.improviser.answering.phrases import Manner, Phrases
from antiphon.improviser.answering.styled_model import StyledModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Note
from antiphon.melody.reasons import FormedPhrase


class Melody:
    """The melody that goes on now, and one that may go on soon. Its notes are in the model's key.

    Args:
        openings: say where it starts.
        time: the grid.
        harmonizer: says what its notes are to fit.
        drawing: what is drawn from.
    """

    def __init__(self, openings: Openings, time: Timekeeper, harmonizer: Harmonizer, drawing: Drawing) -> None:
        self._openings = openings
        self._time = time
        self._harmonizer = harmonizer
        self._drawing = drawing
        self._position: MelodyPosition | None = None
        """Where it stands, if it has no form."""
        self._phrases: Phrases | None = None
        """If it has one."""
        self._coming: tuple[ReplyInputs, Phrases] | None = None
        """One with a form that may go on soon."""
        self.first_step = self.next_step = 0
        """At which it began, and at which it has its next note."""
        self.bar = time.bar
        """Steps in a bar of it."""

    def prepare(self, inputs: ReplyInputs, styled: StyledModel) -> bool:
        """Do a little for a melody that may go on soon. Returns whether there is more to do."""
        opening = self._openings.find(inputs)
        if not inputs.style.form:
            return False
        if self._coming is None or self._coming[0] != inputs:
            self._coming = inputs, self._new_phrases(inputs, opening)
        return self._coming[1].prepare(self._manner(styled))

    def prepare_phrase(self, styled: StyledModel) -> bool:
        """Draw a little of the next phrase. Returns whether there is more to draw."""
        return self._phrases is not None and self._phrases.prepare(self._manner(styled))

    def close(self, styled: StyledModel) -> None:
        """Let it end with a cadence, if it has a form."""
        if self._phrases is not None:
            self._phrases.close(self._manner(styled))

    @property
    def is_over(self) -> bool:
        """Whether it has ended with a cadence."""
        return self._phrases is not None and self._phrases.is_over

    @property
    def reason(self) -> FormedPhrase | None:
        """Why the phrase that stands is as it is; None where it has no form."""
        return None if self._phrases is None else self._phrases.reason

    def begin(self, inputs: ReplyInputs) -> None:
        """Begin another melody, prepared before or now."""
        opening = self._openings.find(inputs)
        self.first_step = self.next_step = opening.step
        self.bar = opening.bar
        self._position = MelodyPosition(opening.context, opening.place)
        self._phrases = None
        if inputs.style.form:
            found = self._coming is not None and self._coming[0] == inputs
            self._phrases = self._coming[1] if found and self._coming else self._new_phrases(inputs, opening)
            self._drawing.begin_reply()
        self._coming = None

    def next_note(self, styled: StyledModel, is_first: bool) -> Note:
        """Return the next note or rest, which starts at `next_step`; that is then where the one after it does.

        Args:
            styled: the model that plays, and its style.
            is_first: the melody begins with it.
        """
        note = (
            self._phrases.next_note(self._manner(styled))
            if self._phrases is not None
            else self._drawn(styled, is_first)
        )
        self.next_step += note.steps
        return note

    def move(self, steps: int) -> None:
        """Go on so many steps later."""
        self.first_step += steps
        self.next_step += steps

    def change_models(self) -> None:
        """Go on with another model, from where this one stood."""
        self._position = self._phrases = self._coming = None

    def _drawn(self, styled: StyledModel, is_first: bool) -> Note:
        """Return the next note or rest as the model has it."""
        drawing = self._drawing
        if self._position is None:  # another model goes on where the last one stood
            self._position = MelodyPosition(self._openings.context(), self._time.place(self.next_step))
        elif not is_first:
            drawing.begin_stream()
        found = melody_note(styled, self._position, drawing.history, drawing.stream, self._harmonizer.melody())
        self._position, drawing.history, drawing.stream = found.after, found.history, found.stream
        return found.note

    def _manner(self, styled: StyledModel) -> Manner:
        surroundings = self._harmonizer.melody()
        return Manner(styled, surroundings.semitones, surroundings.agreed)

    def _new_phrases(self, inputs: ReplyInputs, opening: Opening) -> Phrases:
        return Phrases(opening, inputs.melody(opening), (*self._drawing.reply_seed, 1))
