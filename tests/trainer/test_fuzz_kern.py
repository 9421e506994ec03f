"""Whatever stands in a `.krn` file: it is read, or refused in words, and in a time that has an end."""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from antiphon_trainer.corpus import engines, music_xml, scores
from antiphon_trainer.corpus.encoding import Refused, barlines, encode
from antiphon_trainer.corpus.score import Score, Unreadable
from antiphon_trainer.corpus.scores import parse
from antiphon_trainer.corpus.time_limit import within
from tests.daemon.mutations import mutated

from .conftest import GOOD_SONGS, SCORES, Workplace
from .test_scores import MUSICXML

ENDLESS = MUSICXML.replace(b"<beats>2", b"<beats>99999")
"""Of such a metre music21 divides every beat into beats, and those again; refused by its number, unless `limitless`."""
WORDS = (
    *(b"*M99999/1", b"*M4/0", b"*M0/4", b"*M3/7", b"*MM0", b"*MM1e999", b"*met(c)", b"*k[f#f#f##]", b"*Z:", b"*clefX9"),
    *(b"*^", b"*v", b"*+", b"*-", b"*x", b"*>[A,A,A]", b"*>A", b"**kern", b"**text", b"*rscale:0", b"*Trd-9c-99"),
    *(b"=", b"=1", b"==", b":|!|:", b"\t", b"\n", b"\r", b"\x0b", b"!!!OTL:", b"!!!SCT:", b"\xff\xfe", b"\xe4"),
    *(b"999999999c", b"0c", b"00000c", b"1%0c", b"3%2c", b"4c" + b"." * 30, b"4" + b"c" * 99, b"4c" + b"#" * 99, b"7e"),
    *(b"[4c", b"4c]", b"4c_", b"4cq", b"4r", b"4ryy", b".", b"4c 4e 4g", b"4c4d", b"(", b"{", b"L", b"J", b"4096c"),
)
songs = st.sampled_from([file.read_bytes() for file in sorted(SCORES.glob("*.krn"))])
damaged = songs.flatmap(lambda song: mutated(song, WORDS))
fuzz = how(deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DURATIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave music21 half a second for a song; the longest of these takes a tenth."""
    monkeypatch.setattr(music_xml, "MOST_SECONDS", 0.5)


class AtOnce(Executor):
    """Does what it is given at once, in this process, where a test can shorten its patience."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **named))
        return done


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    """Let `prepare` parse in this process."""

    @contextmanager
    def opened() -> Iterator[Executor]:
        yield AtOnce()

    monkeypatch.setattr(engines, "local", lambda _processes: opened)


@pytest.fixture
def limitless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let numbers through that no melody has: of another kind there may be others that keep music21 for ever."""
    monkeypatch.setattr(music_xml, "_LIMITS", {})


@how(parent=fuzz, max_examples=400)
@given(damaged)
def test_any_kern_is_read_or_refused(impatient: None, content: bytes) -> None:
    found = parse(content, ".krn")
    if isinstance(found, Unreadable):
        assert found.reason and "\n" not in found.reason + found.detail
        return
    assert isinstance(found, Score)
    barlines(found)
    for acceptable in (DURATIONS, None):
        try:
            assert encode(found, acceptable)
        except Refused as refused:
            assert refused.reason and refused.detail


@how(parent=fuzz, max_examples=4)
@given(st.lists(damaged, min_size=12, max_size=12))
def test_a_corpus_with_damaged_songs_is_prepared(
    workplace: Workplace, in_this_process: None, contents: list[bytes]
) -> None:
    corpus = workplace.path / "corpus"
    shutil.rmtree(corpus, ignore_errors=True)
    shutil.copytree(SCORES, corpus)
    for number, content in enumerate(contents):
        (corpus / f"damaged-{number}.krn").write_bytes(content)
    assert "songs" in workplace.succeeds("prepare", "corpus")


def test_a_song_that_takes_for_ever_is_refused_and_stops_nothing(
    workplace: Workplace, in_this_process: None, limitless: None
) -> None:
    corpus = workplace.path / "corpus"
    shutil.copytree(SCORES, corpus)
    (corpus / "endless.musicxml").write_bytes(ENDLESS)
    out = workplace.succeeds("prepare", "corpus")
    assert f"kept     {GOOD_SONGS} songs" in out
    assert "1 takes too long to read: endless.musicxml" in out


def test_a_song_that_took_too_long_is_tried_again_and_nothing_else_is(
    workplace: Workplace, in_this_process: None, limitless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, tried = workplace.path / "corpus", list[bytes]()
    shutil.copytree(SCORES, corpus)
    (corpus / "endless.musicxml").write_bytes(ENDLESS)
    workplace.succeeds("prepare", "corpus")
    read = scores._read
    monkeypatch.setattr(scores, "_read", lambda content, suffix: (tried.append(content), read(content, suffix))[1])
    workplace.succeeds("prepare", "corpus")
    assert tried == [ENDLESS]


# The limit itself


def test_what_is_done_in_time_is_returned_or_raised() -> None:
    assert within(20, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(20, lambda: 1 // 0)


def test_what_catches_every_exception_is_ended_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    counted, is_out = [0], list[bool]()

    def stubborn() -> None:
        try:
            while True:
                try:
                    counted[0] += 1
                    time.sleep(0.001)
                except Exception:  # noqa: BLE001, S110  as music21 does
                    pass
        finally:
            is_out.append(True)

    assert within(0.05, stubborn) is None
    assert is_out and counted[0]
    assert capfd.readouterr() == ("", "")


def test_what_is_thrown_away_on_the_way_out_is_thrown_again() -> None:
    ends: list[bool] = []

    def swallows_one() -> None:
        for _ in range(2):
            try:
                while True:
                    time.sleep(0.001)
            except SystemExit:
                ends.append(True)

    assert within(0.05, swallows_one) is None
    assert len(ends) == 2


def test_the_scores_folder_is_whole_to_begin_with(impatient: None) -> None:
    assert all(isinstance(parse(file.read_bytes(), ".krn"), Score) for file in Path(SCORES).glob("*.krn"))
