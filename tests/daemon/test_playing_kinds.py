"""What a musician hears in each case of `cases/playing`, the listener must hear in others of its kind as well.

`playing_kinds` makes them. A share of each kind has to be heard right: what that is now, less what chance may cost.
"""

from random import Random
from typing import Any

import pytest

from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.midi.messages import NoteOn
from antiphon.musician import Musician, load_musician
from antiphon.settings import read_settings
from tests.daemon.playing_kinds import KINDS, Case
from tests.daemon.test_playing_cases import CHECKS
from tests.daemon.tunes import as_events

CASES = 16
"""Of each kind."""
RIGHT = {
    "adagio-breath": 15,
    "alberti": 15,
    "blues-lick": 11,
    "grace-notes": 9,
    "jazz-breath": 15,
    "legato-leaps": 15,
    "melody-lead": 15,
    "ritardando": 13,
    "rolled-chords": 8,
    "swing-120": 3,
    "touch-of-dominant": 14,
    "triplet-in-quarters": 13,
}
"""How many of them are heard right, at least. Of the answer's beat a case alone is tried: it takes longer; of notes
tied over beats none is heard right yet."""


@pytest.fixture(scope="module")
def musician() -> Musician:
    return load_musician(read_settings(None, {"play": {"sync": "auto", "key": "auto"}}))


@pytest.mark.parametrize("kind", RIGHT)
def test_a_kind_is_heard_as_a_musician_hears_it(kind: str, musician: Musician) -> None:
    cases = [KINDS[kind](Random(f"{kind} {number}")) for number in range(CASES)]  # noqa: S311 - not a secret
    wrong = [number for number, case in enumerate(cases) if not is_right(musician, case)]
    assert CASES - len(wrong) >= RIGHT[kind], wrong


def is_right(musician: Musician, case: Case) -> bool:
    heard = listened(musician, case)
    try:
        for key, check in CHECKS.items():
            if key in case["expected"]:
                check(heard, case)
    except AssertionError:
        return False
    return True


def listened(musician: Musician, case: Case) -> list[dict[str, Any]]:
    """Return what is heard of a case, a dictionary a note, as `listen --json` says it."""
    time = musician.timekeeper(case["bpm"], start=0.0)
    listener = musician.listener(time)
    heard = list[dict[str, Any]]()
    for seconds, event in as_events(case["notes"]):
        move = listener.note_on if isinstance(event, NoteOn) else listener.note_off
        note = move(seconds, event.pitch)
        if isinstance(note, WithdrawnNote) or (note is not None and note.replaces):
            heard.pop()
        if isinstance(note, HeardNote):
            names = ("time", "step", "pitch", "sharps")
            heard.append(
                {**{name: getattr(note, name) for name in names}, "starts_phrase": listener.onset == listener.phrase}
            )
    return heard
