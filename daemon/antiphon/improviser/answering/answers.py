"""Answers to a call, each the best of many candidates, which may be prepared before the call has ended."""

from __future__ import annotations

import numpy as np

from antiphon.improviser.answering.candidates import Candidates
from antiphon.improviser.answering.drawing import Drawing
from antiphon.improviser.answering.opening import Opening, Openings, ReplyInputs
from antiphon.improviser.answering.ranking import Answer
from antiphon.improviser.answering.request import Request
from antiphon.improviser.answering.styled_model import StyledModel
from antiphon.improviser.tempo.timekeeping import Timekeeper


class Answers:
    """Chooses answers.

    Args:
        openings: say where they start.
        time: the grid.
        drawing: what is drawn from.
    """

    def __init__(self, openings: Openings, time: Timekeeper, drawing: Drawing) -> None:
        self._openings = openings
        self._time = time
        self._drawing = drawing
        self._candidates: tuple[ReplyInputs, Candidates] | None = None

    def prepare(self, inputs: ReplyInputs, styled: StyledModel) -> bool:
        """Draw one more symbol of the candidates. Returns whether there is more to draw."""
        return self._candidates_for(inputs, styled).prepare()

    def choose(self, inputs: ReplyInputs, styled: StyledModel) -> Answer:
        """Choose an answer; what hasn't been drawn yet is drawn first."""
        answer = self._candidates_for(inputs, styled).choose()
        self._drawing.begin_reply()
        self._candidates = None
        return answer

    def change_models(self) -> None:
        """Drop what another model has drawn."""
        self._candidates = None

    def _candidates_for(self, inputs: ReplyInputs, styled: StyledModel) -> Candidates:
        """Return the candidates, begun before or now."""
        if self._candidates is None or self._candidates[0] != inputs:
            opening = self._openings.find(inputs)
            generator = np.random.default_rng(self._drawing.reply_seed)
            candidates = Candidates(
                styled.model,
                styled.vocabulary,
                opening.context,
                self._request(inputs, opening, styled),
                generator,
                inputs.style.candidates,
            )
            self._candidates = inputs, candidates
        return self._candidates[1]

    def _request(self, inputs: ReplyInputs, opening: Opening, styled: StyledModel) -> Request:
        style, place = inputs.style, opening.place
        return Request(
            call=inputs.melody(opening),
            position=0 if place is None else place.position,
            bar=opening.bar,
            beat=self._time.beat,
            shortest=style.shortest,
            longest=style.longest,
            constraints=style.constraints,
            semitones=styled.octaved(inputs.semitones),
            agreed=inputs.agreed,
            density=style.density,
            temperature=style.temperature,
        )
