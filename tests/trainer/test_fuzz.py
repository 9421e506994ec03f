"""Whatever stands in a score: it is read as a song, or refused with a reason; it never stops the run."""

import math

from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from antiphon_trainer.encoding import Refused, barlines, encode
from antiphon_trainer.metre import metre_of_steps
from antiphon_trainer.scores import Parsed, Score, Unreadable, parse
from tests.daemon.mutations import mutated

from .conftest import SCORES
from .test_scores import ABC, DURATIONS, KERN, MUSICXML

fuzz = how(deadline=5_000, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
"""A fiftieth of a second is usual; what takes five seconds is a hang."""
MOST_STEPS = 100_000
"""A song of an hour and a half; the files that are mutated have less than a minute."""
KERN_WORDS = (
    *(b"\n*^\n", b"\n*v\t*v\n", b"\n*-\n", b"\t", b"**kern", b"*M0/4", b"*M5/0", b"*k[", b"]", b"*C:", b"==", b"=1"),
    *(b"4c\n", b"0000c", b"99999c", b"4cccccccccc", b"4c######", b"4r", b"qc", b"[4c", b"4c]", b"4.......c", b"3%2c"),
    *(b"1%0c", b"\xff", b"!!!OTL:", b"4c 4e", b"(", b"L", b"J"),
)
ABC_WORDS = (
    b"K:",
    b"M:0/0",
    b"L:1/0",
    b"[ceg]",
    b"(3abc",
    b"|:",
    b":|",
    b"z99999",
    b"c/////////",
    b"^^^c",
    b"\xff",
    b"V:2",
)
XML_WORDS = (b"<duration>0</duration>", b"<divisions>0</divisions>", b"</measure>", b"<rest/>", b"&x;", b"<!--", b"-1")


def check(found: Parsed) -> None:
    """What is read makes sense, and is encoded or refused."""
    if isinstance(found, Unreadable):
        assert found.reason
        return
    assert isinstance(found, Score)
    assert all(note.pitch is None or isinstance(note.pitch, int) for note in found.notes)
    assert all(math.isfinite(note.quarter_length) and note.quarter_length > 0 for note in found.notes)
    for durations in (DURATIONS, None):
        try:
            symbols = encode(found, durations)
        except Refused as refused:
            assert str(refused)
        else:
            assert all(symbol in ("_", "r") or 0 <= int(symbol) <= 127 for symbol in symbols)
            assert len(symbols) < MOST_STEPS
            position, bar = metre_of_steps(barlines(found), len(symbols))
            assert (position >= 0).all() and (bar >= 0).all()  # a bar that is written too long is counted to its end


songs = st.sampled_from(sorted(SCORES.glob("*.krn"))).map(lambda path: path.read_bytes()) | st.just(KERN)


@fuzz
@given(songs.flatmap(lambda song: mutated(song, KERN_WORDS)))
def test_any_kern_file_is_a_song_or_refused(content: bytes) -> None:
    check(parse(content, ".krn"))


# MIDI files aren't here: where a damaged one waits for a day between two notes, music21 writes out every bar of it,
# for minutes. The reader of scores must first refuse what is too long.
@fuzz
@given(
    mutated(ABC, ABC_WORDS).map(lambda content: (content, ".abc"))
    | mutated(MUSICXML, XML_WORDS).map(lambda content: (content, ".musicxml"))
    | mutated(b"PK\x03\x04" + bytes(30)).map(lambda content: (content, ".mxl"))
)
def test_any_other_score_is_a_song_or_refused(file: tuple[bytes, str]) -> None:
    check(parse(*file))
