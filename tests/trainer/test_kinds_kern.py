"""Kinds of kern files that were once read wrongly: small hand-written files, prepared as users do."""

import json
from pathlib import Path

import pytest

from antiphon.melody.grid import read
from antiphon_trainer.corpus.scores import Score, Unreadable, parse

from .conftest import Workplace

KINDS = Path(__file__).parent / "kinds"


def prepared(workplace: Workplace, file: Path) -> list[list[tuple[int | None, float]]]:
    """Return the notes of every song as prepared: pitch, none for a rest, and length in quarter notes."""
    workplace.succeeds("prepare", file, "--durations", "grid")
    songs = sorted((workplace.path / "prepared/songs/training").iterdir())
    lines = [song.read_text().splitlines()[0].split() for song in songs]
    return [[(note.pitch, note.steps / 4) for note in read(line)] for line in lines]


def scored(text: str) -> Score:
    score = parse(text.encode(), ".krn")
    assert isinstance(score, Score), score
    return score


def refused(text: str) -> Unreadable:
    found = parse(text.encode(), ".krn")
    assert isinstance(found, Unreadable)
    return found


def pitches(score: Score) -> list[int | None]:
    return [note.pitch for note in score.notes]


def test_three_voices_join_at_once(workplace: Workplace) -> None:
    (song,) = prepared(workplace, KINDS / "kern-split3.krn")
    assert song == [(72, 1), (74, 1), (76, 1), (77, 1), (79, 2)]


def test_a_church_mode_keeps_its_written_signature(workplace: Workplace) -> None:
    (song,) = prepared(workplace, KINDS / "kern-dorian.krn")
    assert [pitch for pitch, _ in song] == [62, 64, 65, 67, 69, 71, 72, 74, 62]


def test_harmonies_beside_the_melody_are_no_melody(workplace: Workplace) -> None:
    (song,) = prepared(workplace, KINDS / "kern-harm.krn")
    assert song == [(60, 1), (64, 1), (67, 2)]


def test_two_pieces_of_a_file_are_two_songs(workplace: Workplace) -> None:
    first, second = prepared(workplace, KINDS / "kern-two-pieces.krn")
    assert first == [(60, 1), (64, 1), (67, 2)]
    assert second == [(72, 1), (76, 1), (79, 2)]  # from G by the nearest way, upwards
    titles = json.loads((workplace.path / "processed_tensors/details.json").read_text())["titles"]
    assert titles == ["first", "second"]


def test_a_chords_top_note_that_is_not_tied_is_struck_again(workplace: Workplace) -> None:
    (song,) = prepared(workplace, KINDS / "kern-chord-lower-tied.krn")
    assert song == [(67, 1), (67, 1), (60, 2)]


@pytest.mark.parametrize(
    ("record", "signature", "sharps"),
    [
        ("c:ion", "", 0),
        ("d:dor", "", 0),
        ("e:phr", "", 0),
        ("f:lyd", "", 0),
        ("g:mix", "", 0),
        ("a:aeo", "", 0),
        ("b:loc", "", 0),
        ("G:mix", "f#", 1),
        ("g:dor", "b-", -1),
        ("g:dor", "b-e-", -2),
        ("f#:phr", "f#c#", 2),
        ("d:dor", "b-", -1),
        ("e-:mix", "b-e-a-d-", -4),
    ],
)
def test_a_church_modes_signature_counts(record: str, signature: str, sharps: int) -> None:
    assert scored(f"**kern\n*k[{signature}]\n*{record}\n4d\n4f\n4a\n*-\n").sharps == sharps


@pytest.mark.parametrize(("record", "sharps"), [("d:dor", 0), ("g:dor", -1), ("F#:lyd", 7), ("b-:aeo", -5)])
def test_a_church_mode_without_signature_tells_its_own(record: str, sharps: int) -> None:
    assert scored(f"**kern\n*{record}\n4d\n4f\n4a\n*-\n").sharps == sharps


def test_a_signature_without_sharps_counts_where_the_notes_agree() -> None:
    white, flat = "4f\n4a\n4cc\n4a\n4cc\n4f\n", "4e-\n8f\n8g\n4a-\n4e-\n"
    assert (scored(f"**kern\n*k[]\n{white}*-\n").sharps, scored(f"**kern\n{white}*-\n").sharps) == (0, -1)
    assert scored(f"**kern\n*k[]\n{flat}*-\n").sharps != 0


def test_splits_inside_splits() -> None:
    score = scored(
        "**kern\n*M4/4\n4c\n*^\n4d\t4A\n*^\t*\n8e\t4f\t4A\n8g\t.\t.\n*v\t*v\t*\n4a\t2F\n*v\t*v\n==\n*-\n".replace(
            "4a\t2F", "4a\t4F"
        )
    )
    assert [(note.pitch, note.quarter_length) for note in score.notes] == [
        (60, 1),
        (62, 1),
        (64, 0.5),
        (67, 0.5),
        (69, 1),
    ]


def test_the_first_voice_is_the_left_one_also_after_a_swap_and_where_spines_open_beside_it() -> None:
    assert pitches(scored("**kern\n*^\n4c\t4e\n*x\t*x\n4d\t4f\n*v\t*v\n4g\n*-\n")) == [60, 62, 67]
    assert pitches(scored("**kern\n4c\n*+\n*\t**text\n4d\tla\n*\t*-\n4e\n*-\n")) == [60, 62, 64]


def test_of_several_parts_the_top_one_that_has_notes_is_heard() -> None:
    assert pitches(scored("**kern\t**kern\t**text\n4c\t4e\tla\n4d\t4f\t.\n*-\t*-\t*-\n")) == [64, 65]
    assert pitches(scored("**kern\t**kern\n4c\t4r\n4d\t4r\n*-\t*-\n")) == [60, 62]
    longer = "**kern\t**dynam\t**kern\n2c\tp\t4e\n.\t.\t8f\n.\tf\t8g\n=\t=\t=\n4d\t.\t4a\n*-\t*-\t*-\n"
    assert [note.quarter_length for note in scored(longer).notes] == [1, 0.5, 0.5, 1]


def test_a_voice_that_pauses_unwritten_rests() -> None:
    score = scored("**kern\n*^\n4c\t4e\n.\t4f\n4d\t4g\n*v\t*v\n*-\n")
    assert [(note.pitch, note.quarter_length) for note in score.notes] == [(60, 1), (None, 1), (62, 1)]


def test_lengths() -> None:
    score = scored("**kern\n4.c\n4..c\n0c\n00c\n000c\n0.c\n3%2c\n12c\n12c\n12c\n16%3c\n4%1.c\n8qc\n4r\n*-\n")
    assert [note.quarter_length for note in score.notes] == [
        *(1.5, 1.75, 8, 16, 32, 12, 8 / 3, 1 / 3, 1 / 3, 1 / 3, 0.75, 1.5, 1),
    ]


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("**kern\n4c\n4d\t4e\n*-\n", "its spines don't fit together", "line 3 has 2 columns, but 1 are open"),
        ("**kern\t**kern\n4c\t2e\n4d\t4f\n*-\t*-\n", "its spines don't fit together", "line 3"),
        ("**kern\n4c\n4d\n", "it ends before its spines do", "1 of its columns"),
        ("**kern\n4c\n*v\n*-\n", "its spines don't fit together", "line 3"),
        ("**kern\n4c\nd\n*-\n", "a note that can't be read", "'d' in line 3: it has no length"),
        ("**kern\n4c 8e\n*-\n", "a note that can't be read", "two lengths"),
        ("**kern\n4c4d\n*-\n", "a note that can't be read", "two lengths"),
        ("**kern\n4cd\n*-\n", "a note that can't be read", "two pitches"),
        ("**kern\n4#\n*-\n", "a note that can't be read", "no pitch"),
        ("**kern\n0%2c\n*-\n", "a note that can't be read", "divided by zero"),
        ("**kern\n*M99999/1\n4c\n*-\n", "a metre that can't be", "99999/1 in line 2"),
        ("**kern\n4ccccccccc\n*-\n", "a note that can't be read", "so far from middle C"),
    ],
)
def test_what_is_not_whole_is_refused_with_its_place(text: str, reason: str, detail: str) -> None:
    found = refused(text)
    assert found.reason == reason
    assert detail in found.detail


def test_a_damaged_line_end_loses_no_note() -> None:
    assert pitches(scored("**kern\r\n4c\r\n4d\x084e\r\n*-\r\n")) == [60, 62, 64]


OVER_THE_BARLINE = """**kern\t**kern
*M2/4\t*M2/4
4C\t4cc
2D\t4dd
=2\t=2
.\t4ee
4E\t4ff
==\t==
*-\t*-
"""


def test_a_note_may_last_over_a_barline() -> None:
    score = scored(OVER_THE_BARLINE)
    assert [(note.pitch, note.quarter_length) for note in score.notes] == [(72, 1), (74, 1), (76, 1), (77, 1)]
    assert [bar.start for bar in score.bars] == [0, 2]


@pytest.mark.parametrize(("whole", "short"), [("4dd", "8dd"), ("4E", "8E")])
def test_a_voice_that_has_lost_a_note_is_refused_beside_another(whole: str, short: str) -> None:
    found = refused(OVER_THE_BARLINE.replace(whole, short))
    assert found.reason == "its spines don't fit together"
