"""From written notes to symbols."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from antiphon.errors import UserError
from antiphon.melody import grid, keys
from antiphon_trainer.corpus.encoding import Refused, check_durations, encode, merge_ties
from antiphon_trainer.corpus.score import Score, WrittenNote

DURATIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)

written = some.builds(
    WrittenNote, some.one_of(some.none(), some.integers(48, 84)), some.sampled_from(DURATIONS), some.booleans()
)


def score(*notes: WrittenNote, sharps: int = 0) -> Score:
    return Score("", "", "", sharps, "record", list(notes))


@given(some.lists(written, min_size=1).filter(lambda notes: any(n.pitch for n in notes)), some.integers(-7, 7))
def test_no_time_is_lost_and_every_song_lands_on_the_white_keys_signature(
    notes: list[WrittenNote], sharps: int
) -> None:
    symbols = encode(score(*notes, sharps=sharps), DURATIONS)
    assert len(symbols) * grid.STEP == sum(note.quarter_length for note in notes)
    shift = {int(s) for s in symbols if s.isdigit()}
    assert shift == {note.pitch + keys.transposition(sharps) for note in notes if note.pitch is not None}


@given(some.lists(written, min_size=1))
def test_merging_only_joins_what_sounds_on(notes: list[WrittenNote]) -> None:
    merged = merge_ties(notes)
    assert sum(note.steps for note in merged) * grid.STEP == sum(note.quarter_length for note in notes)
    assert all(one.pitch is not None or other.pitch is not None for one, other in pairwise(merged))
    assert sum(note.pitch is not None for note in merged) >= len({note.pitch for note in notes} - {None})


@given(some.lists(written, min_size=1).filter(lambda notes: any(n.pitch for n in notes)))
def test_ties_as_written_join_nothing(notes: list[WrittenNote]) -> None:
    symbols = encode(score(*notes), DURATIONS, "written")
    assert len(symbols) * grid.STEP == sum(note.quarter_length for note in notes)
    assert sum(symbol != "_" for symbol in symbols) == len(notes)


@pytest.mark.parametrize("length", [0.25, 1.25, 6.0, 8.0])
def test_every_multiple_of_a_step_is_on_the_grid(length: float) -> None:
    assert len(encode(score(WrittenNote(60, length)), None)) == length / grid.STEP
    for off in (length + 0.1, -length):
        with pytest.raises(Refused):
            encode(score(WrittenNote(60, off)), None)


def test_ties_join_notes_of_the_same_pitch_only() -> None:
    notes = [WrittenNote(60, 1.0, True), WrittenNote(60, 0.5, True), WrittenNote(62, 0.5), WrittenNote(62, 0.5)]
    assert merge_ties(notes) == [grid.Note(60, 6), grid.Note(62, 2), grid.Note(62, 2)]


def test_durations_are_judged_as_written_before_ties_are_joined() -> None:
    tied = (WrittenNote(60, 4.0, True), WrittenNote(60, 2.0))
    assert len(encode(score(*tied), DURATIONS)) == 24
    with pytest.raises(Refused, match="isn't acceptable: 6 quarter lengths, note 1"):
        encode(score(WrittenNote(60, 6.0)), DURATIONS)


@pytest.mark.parametrize(
    ("sharps", "lowest_c"), [(-3, -3), (1, 5), (-1, -5), (2, -2), (6, -6), (-6, -6), (7, -1), (5, 1)]
)
def test_the_nearest_octave(sharps: int, lowest_c: int) -> None:
    assert encode(score(WrittenNote(60, 0.25), sharps=sharps), DURATIONS) == [str(60 + lowest_c)]


@pytest.mark.parametrize(
    ("notes", "reason"),
    [
        ([WrittenNote(60, 1 / 3)], "a duration off the sixteenth grid"),
        ([WrittenNote(60, 0.125)], "a duration off the sixteenth grid"),
        ([WrittenNote(60, -1.0)], "a negative duration"),
        ([WrittenNote(60, 1.25)], "a duration that isn't acceptable"),
        ([WrittenNote(None, 1.0)], "no notes"),
        ([], "no notes"),
        ([WrittenNote(126, 1.0)], "a pitch outside MIDI's range"),
    ],
)
def test_refusals_name_the_reason(notes: list[WrittenNote], reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        encode(score(*notes, sharps=1), DURATIONS)
    assert refusal.value.reason == reason


def test_acceptable_durations_must_lie_on_the_grid() -> None:
    check_durations(DURATIONS)
    with pytest.raises(UserError, match=r"0\.33"):
        check_durations([0.25, 0.33])
