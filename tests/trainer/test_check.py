"""`prepare --check`: every song read twice, and the places where the readings part."""

import shutil

import pytest

from antiphon_trainer.corpus import check
from antiphon_trainer.corpus.score import WrittenNote
from antiphon_trainer.corpus.second_reading import difference

from .conftest import SCORES, Workplace

BOOK = """X:1
K:C
L:1/4
M:4/4
^F G F G|F4|

X:2
M:4/4
L:1/4
K:C
C D E F G A|

X:3
M:4/4
L:1/4
K:C
C x E F|
"""


def test_songs_agreements_and_refusals_are_counted_per_format(workplace: Workplace) -> None:
    (workplace.path / "mixed").mkdir()
    (workplace.path / "mixed/book.abc").write_text(BOOK)
    shutil.copy(SCORES / "ode-to-joy.krn", workplace.path / "mixed")
    out = workplace.succeeds("prepare", "mixed", "--check", "--processes", 1)
    abc, kern = out.split("mixed, .krn")
    assert "3 songs" in abc and "2 read whole" in abc
    assert "1 a bar that is longer than its metre: book.abc#2 (bar 1: 6 quarter lengths, the metre has 4)" in abc
    assert "1 read alike by music21" in abc
    assert "1 other notes: book.abc#3 (note 2: a rest, second reading pitch 64)" in abc
    assert "1 read alike by music21" in kern and "0 refused" in kern
    assert not (workplace.path / "prepared").exists()


def test_what_cannot_be_read_is_counted_as_refused(workplace: Workplace) -> None:
    (workplace.path / "letter.krn").write_text("Dear diary")
    out = workplace.succeeds("prepare", "letter.krn", "--check", "--processes", 1)
    assert "1 refused" in out and "no **kern spine: letter.krn" in out


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ([WrittenNote(60, 1.0), WrittenNote(62, 2.0)], None),
        ([WrittenNote(None, 1.0), WrittenNote(60, 1.0), WrittenNote(62, 2.0), WrittenNote(None, 1.0)], None),
        ([WrittenNote(60, 0.5, True), WrittenNote(60, 0.5), WrittenNote(62, 2.0)], None),
        ([WrittenNote(60, 1.0), WrittenNote(63, 2.0)], "other pitches"),
        ([WrittenNote(60, 1.0), WrittenNote(62, 1.0)], "other lengths"),
        ([WrittenNote(60, 1.0)], "other notes"),
        ([WrittenNote(60, 0.5), WrittenNote(60, 0.5), WrittenNote(62, 2.0)], "other notes"),
    ],
)
def test_two_readings_differ_in_kind(other: list[WrittenNote], kind: str | None) -> None:
    found = difference([WrittenNote(60, 1.0), WrittenNote(62, 2.0)], other)
    assert (found and found[0]) == kind


def test_musicxml_has_no_second_reader() -> None:
    printed = list(check.lines("songs", [check.Checked("a.xml", ".xml", None, False, None)]))
    assert printed[-1].strip() == "no second reader"
