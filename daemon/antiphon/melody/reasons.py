"""Reasons: why what is played is as it is, as values of one tagged union, and in words that a musician understands.

The improviser makes them of what it has decided anyway, and a page is sent them as they are.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Motion = Literal["contrary", "parallel", "similar", "oblique"]
"""How two voices went on, as counterpoint calls it: "oblique" where one of them stayed."""

MUCH_RHYTHM, MANY_TURNS = 0.54, 0.12
"""Shares from which an answer's rhythm, or its turns of three intervals, are said to be the call's: as much as a song's
second phrase takes up of its first, in the mean of 499 songs."""
NAMES = ("unison", *2 * ("second",), *2 * ("third",), "fourth", "tritone", "fifth", *2 * ("sixth",), *2 * ("seventh",))
"""Of each interval in semitones, within an octave."""
BEYOND = {12: "octave", 13: "ninth", 14: "ninth", 15: "tenth", 16: "tenth"}
"""Names of intervals of an octave and more, in semitones."""


class _Reason(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class TwoVoices(_Reason, frozen=True, tag="two_voices"):
    """A note has started beside one of the performer's. Both are MIDI pitches."""

    performer: int
    answer: int
    motion: Motion | None = None
    """From the two before; None where there were none."""

    def after(self, before: TwoVoices | None) -> TwoVoices:
        """Return the same after two others: how the voices moved is known then."""
        return self if before is None else TwoVoices(self.performer, self.answer, _motion(before, self))


class FormedPhrase(_Reason, frozen=True, tag="phrase"):
    """A phrase of a melody that goes on has begun."""

    form: tuple[str, ...]
    """What the latest phrases are called, this one last: A, A′ where it is varied, B."""
    place: Literal["first", "second"]
    """Of its pair."""
    source: Literal["new", "last", "first"]
    """What it begins like: nothing before, the phrase before, or the first of all."""
    degrees: int
    """Steps of the scale by which it lies higher than what it begins like."""
    ending: Literal["open", "closed"]
    """On another note than the tonic, or on the tonic."""
    is_last: bool = False


class ChosenAnswer(_Reason, frozen=True, tag="answer"):
    """An answer was chosen of many."""

    rhythm: float
    """Share, 0…1, of its rhythm that is the call's, by three times between notes in a row."""
    turns: float
    """Share, 0…1, of its turns of three intervals that are the call's."""
    ending: Literal["tonic", "triad", "open"]
    """Its cadence: on the tonic, on another note of the tonic triad, or none."""
    candidates: int
    """Of how many it was chosen."""


Reason = TwoVoices | FormedPhrase | ChosenAnswer


def in_words(reason: Reason | None) -> str:
    """Return a reason as a line; an empty one where there is none."""
    match reason:
        case TwoVoices():
            return _of_voices(reason)
        case FormedPhrase():
            return _of_phrase(reason)
        case ChosenAnswer():
            return _of_answer(reason)
    return ""


def interval_name(semitones: int) -> str:
    """Return what musicians call an interval of 0 or more semitones: `third`, `tenth`, `fifth and 2 octaves`."""
    if semitones in BEYOND:
        return BEYOND[semitones]
    octaves, rest = divmod(semitones, 12)
    if not octaves:
        return NAMES[rest]
    whole = "an octave" if octaves == 1 else f"{octaves} octaves"
    return f"{NAMES[rest]} and {whole}" if rest else whole


def _motion(before: TwoVoices, now: TwoVoices) -> Motion:
    hers, own = now.performer - before.performer, now.answer - before.answer
    if hers == 0 or own == 0:
        return "oblique"
    if (hers > 0) != (own > 0):
        return "contrary"
    sizes = (interval_name(abs(each.performer - each.answer)) for each in (before, now))
    return "parallel" if len(set(sizes)) == 1 else "similar"


def _of_voices(voices: TwoVoices) -> str:
    apart = voices.answer - voices.performer
    motion = f", in {voices.motion} motion" if voices.motion else ""
    if apart == 0:
        return f"in unison with you{motion}"
    name = interval_name(abs(apart))
    article = "" if name[0].isdigit() else "an " if name == "octave" else "a "
    return f"{article}{name} {'above' if apart > 0 else 'below'} you{motion}"


def _of_phrase(phrase: FormedPhrase) -> str:
    if phrase.source == "first":
        begins = "the first phrase returns" + (", varied" if phrase.form[-1].endswith("′") else "")
    elif phrase.source == "last":
        begins = "answers the phrase before" + (f", {_steps(phrase.degrees)}" if phrase.degrees else ", begins like it")
    else:
        begins = "a new phrase" if phrase.place == "first" else "answers the phrase before with another"
    ending = "closes on the tonic" if phrase.ending == "closed" else "ends open"
    return f"{' '.join(phrase.form)}: {begins}, {ending}{', the last' if phrase.is_last else ''}"


def _steps(degrees: int) -> str:
    size = "a step" if abs(degrees) == 1 else f"a {NAMES[(0, 2, 4, 5, 7, 9, 11)[abs(degrees) % 7]]}"
    return f"{size} {'higher' if degrees > 0 else 'lower'}"


def _of_answer(answer: ChosenAnswer) -> str:
    kept = [
        name
        for name, share, least in (("rhythm", answer.rhythm, MUCH_RHYTHM), ("turns", answer.turns, MANY_TURNS))
        if share >= least
    ]
    takes_up = f"answers your {' and your '.join(kept)}" if kept else "answers with something new"
    cadence = {"tonic": "closes on the tonic", "triad": "closes on the tonic's chord", "open": "ends open"}
    return f"{takes_up}, {cadence[answer.ending]}; the best of {answer.candidates}"
