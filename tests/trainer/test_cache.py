"""The cache of parsed scores."""

from pathlib import Path
from typing import Any

import pytest

from antiphon_trainer.corpus import cache as module
from antiphon_trainer.corpus import parsing
from antiphon_trainer.corpus.cache import ScoreCache, content_key, default_place
from antiphon_trainer.corpus.engines import local
from antiphon_trainer.corpus.score import Score, Unreadable, WrittenNote
from antiphon_trainer.corpus.sources import collect

from .conftest import SCORES

ONE, TWO, THREE = (content_key(content, ".krn") for content in (b"one", b"two", b"three"))
SCORE = Score("a", "b", "c", -3, "record", [WrittenNote(60, 0.5, True), WrittenNote(None, 1.0)])


def test_what_was_put_is_there_the_next_time(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "cache"
    with ScoreCache(place) as cache:
        cache.put(ONE, SCORE)
        cache.put(TWO, Unreadable("why", "what"))
    with ScoreCache(place) as cache:
        assert (cache.get(ONE), cache.get(TWO), cache.get(THREE)) == (SCORE, Unreadable("why", "what"), None)


def test_another_parser_reads_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScoreCache(tmp_path / "cache") as cache:
        cache.put(ONE, SCORE)
    monkeypatch.setattr(module, "reader_version", lambda suffix: "another")
    assert content_key(b"one", ".krn") != ONE
    with ScoreCache(tmp_path / "cache") as cache:
        assert cache.get(ONE) is None


def test_a_damaged_cache_costs_time_only(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    place.write_bytes(b"no database" * 100)
    with ScoreCache(place) as cache:
        cache.put(ONE, SCORE)
        assert cache.get(ONE) == SCORE


def test_the_key_is_content_and_format() -> None:
    assert content_key(b"a", ".krn") == content_key(b"a", ".krn")
    assert len({content_key(b"a", ".krn"), content_key(b"b", ".krn"), content_key(b"a", ".abc")}) == 3


def test_a_known_corpus_is_not_parsed_again(tmp_path: Path) -> None:
    sources = collect([str(SCORES)])
    with ScoreCache(tmp_path / "cache") as cache:
        first = list(parsing.parse_all(sources, cache, local(1), lambda count: None))

    def nothing_to_do() -> Any:
        raise AssertionError("an engine was opened")

    with ScoreCache(tmp_path / "cache") as cache:
        assert list(parsing.parse_all(sources, cache, nothing_to_do, lambda count: None)) == first


def test_a_stopped_run_keeps_what_it_parsed(tmp_path: Path) -> None:
    sources = collect([str(SCORES)])

    def stop_after_the_first(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ScoreCache(tmp_path / "cache") as cache:
        list(parsing.parse_all(sources, cache, local(1), stop_after_the_first))
    with ScoreCache(tmp_path / "cache") as cache:
        assert any(cache.get(content_key(source.read(), source.suffix)) for source in sources)


def test_it_lives_in_the_users_cache_folder() -> None:
    assert default_place().name == "scores.sqlite3"
    assert default_place().parent.name == "antiphon"
