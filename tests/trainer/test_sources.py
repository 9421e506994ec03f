"""Which scores a corpus holds."""

import os
from pathlib import Path

import pytest

from antiphon.errors import UserError
from antiphon_trainer.corpus.provenance import corpus_terms
from antiphon_trainer.corpus.scores import reader_version
from antiphon_trainer.corpus.sources import collect

KERN = "**kern\n*C:\n4c\n*-\n"
BOOK = "M:2/4\n\nX:1\nT:One\nK:C\nc2\n\nX:7\nT:Two\nK:C\nd2\n"


def touch(root: Path, *names: str, content: str = KERN) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def test_folders_are_searched_in_the_order_of_the_paths(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.krn", "b/1.KRN", "a/c/3.mid", "a/x.xml", "readme.txt", ".hidden/4.krn", "a/._5.krn")
    assert [source.where for source in collect([str(tmp_path)])] == ["a/c/3.mid", "a/x.xml", "b/1.KRN", "b/2.krn"]


def test_names_are_unlike_and_safe(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/1.krn", "c/b/1.krn", "c/b/1.mid", "c/b/ü 2.krn")
    names = [source.name for source in collect([str(tmp_path)])]
    assert names == ["b-1", "b-1-2", "b-1-3", "b-ü_2"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.krn")
    assert len(collect([str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "1.krn")])) == 1


def test_a_tune_book_is_taken_apart(tmp_path: Path) -> None:
    touch(tmp_path, "book.abc", content=BOOK)
    first, second = collect([str(tmp_path / "book.abc")])
    assert (first.name, second.name, second.where) == ("book-1", "book-7", "book.abc#7")
    assert second.read() == b"M:2/4\n\nX:7\nT:Two\nK:C\nd2\n"


def test_music21s_copy_is_its_german_part() -> None:
    sources = collect(["essen"])
    books = {source.path.name for source in sources}
    assert {"erk10.abc", "fink0.abc"} <= books
    assert not books & {"han1.abc", "irl.abc", "lot.abc", "lux.abc", "folkHaydn.abc", "test0.abc"}
    assert len(sources) > 5000


@pytest.mark.parametrize(
    ("corpus", "message"), [("nowhere", "no such folder"), ("empty", "holds no score"), ("notes.txt", "is no score")]
)
def test_what_holds_no_scores_is_a_users_mistake(tmp_path: Path, corpus: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    touch(tmp_path, "notes.txt")
    with pytest.raises(UserError, match=message):
        collect([str(tmp_path / corpus)])


@pytest.mark.skipif(os.name == "nt", reason="a link needs rights there")
def test_a_broken_link_is_named_and_stops_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "1.krn")
    (tmp_path / "2.krn").symlink_to(tmp_path / "gone.krn")
    assert [(source.where, source.refused) for source in collect([str(tmp_path)])] == [
        ("1.krn", ""),
        ("2.krn", "is a link to nothing"),
    ]


def test_the_terms_of_music21s_copy_say_which_reader_read_it() -> None:
    source = corpus_terms(["essen"], [])["source"]
    assert "(ABC)" in source["package"]
    assert source["reader"] == f"{reader_version('.abc')}, after the ABC standard 2.1"
