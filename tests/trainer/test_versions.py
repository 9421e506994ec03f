"""Which songs are versions of a tune, and which tunes are held out."""

import json
import random
from pathlib import Path

import pytest

from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.corpus.versions import held_out_tunes, tunes_of

from .conftest import Workplace

LETTERS = "CDEFGABcdefgab"


def song(name: str, title: str, *pitches: int) -> Song:
    return Song(name, title, [str(pitch) for pitch in pitches])


JIG = (67, 69, 71, 72, 74, 71, 67, 64, 66, 67, 62, 64)


def test_a_tune_is_known_by_its_title_or_by_what_is_played() -> None:
    songs = [
        song("a", "The Rakes", *JIG),
        song("b", "Another Name", *(pitch - 5 for pitch in JIG[2:]), 60),
        song("c", "RAKES, The -- Jig", *range(60, 72)),
        song("d", "", *range(80, 60, -2)),
        song("e", "", *range(60, 80, 2)),
    ]
    assert tunes_of(songs) == ["another name"] * 3 + ["/d", "/e"]


@pytest.mark.parametrize(("shared", "are_versions"), [(10, True), (9, False)])
def test_versions_share_two_fifths_of_the_shorter_ones_runs(shared: int, are_versions: bool) -> None:
    # Sixteen notes have ten runs of six intervals; the first `shared` notes of both are the same.
    first = [60, 62, 65, 64, 69, 67, 72, 71, 62, 60, 57, 59, 60, 64, 67, 66]
    other = [*first[:shared], *(pitch + 7 * (index % 3) + index % 2 for index, pitch in enumerate(first[shared:], 1))]
    one, two = tunes_of([song("a", "A", *first), song("b", "B", *other)])
    assert (one == two) is are_versions


def test_a_book_with_one_title_for_all_is_not_one_tune() -> None:
    assert tunes_of([song("a", "Tunes", *JIG), song("b", "Tunes", *range(60, 72))]) == ["/a", "/b"]


def test_a_tune_stays_held_out_when_others_come() -> None:
    tunes = [f"tune {number}" for number in range(400)]
    held_out = held_out_tunes(tunes)
    assert 25 <= len(held_out) <= 55
    assert held_out_tunes(tunes[::2]) == held_out & set(tunes[::2])


def test_one_tune_at_least_is_held_out_and_one_is_left() -> None:
    assert len(held_out_tunes(["a", "b"])) == 1
    assert held_out_tunes(["a", "a"]) == frozenset()


def test_prepare_holds_versions_out_together(workplace: Workplace) -> None:
    """Thirty tunes in two books, under another title and with another beginning and end in the second."""
    draw = random.Random(1)  # noqa: S311  tunes, not secrets
    tunes = [draw.choices(LETTERS[2:], k=32) for _ in range(30)]
    for book in ("one", "two"):
        with (workplace.path / f"{book}.abc").open("w") as file:
            for number, notes in enumerate(tunes, start=1):
                line = "".join(notes if book == "one" else [*notes[3:], *"CEG"])
                file.write(f"X:{number}\nT:{book} {number}\nM:4/4\nL:1/4\nK:C\n{line}\n\n")
    said = workplace.succeeds("prepare", "one.abc", "two.abc", "--held-out", "tenth", "--processes", 1)
    folder = workplace.path / "prepared/songs"
    held_out = {file.stem for file in (folder / "held-out").iterdir()}
    numbers = {name.removeprefix("one-").removeprefix("two-") for name in held_out}
    assert held_out == {f"{book}-{number}" for book in ("one", "two") for number in numbers}
    assert 1 <= len(numbers) <= 8
    assert f"{len(held_out)} held out" in said
    titles = json.loads((workplace.path / "processed_tensors/details.json").read_text())["titles"]
    assert len(titles) == 60 - len(held_out)
    assert len(set(titles)) == 30 - len(numbers)  # so that validation keeps versions together


def test_one_tune_alone_leaves_none_held_out(workplace: Workplace) -> None:
    (workplace.path / "one.abc").write_text("X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n")
    assert "all songs are versions of one tune" in workplace.succeeds("prepare", "one.abc", "--held-out", "tenth")
    assert not list(Path(workplace.path / "prepared/songs").glob("held-out/*"))
