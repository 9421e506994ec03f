"""Whatever music is written in ABC, in whatever valid spelling: the same music is read."""

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon_trainer.corpus.encoding import Refused, barlines, encode
from antiphon_trainer.corpus.score import Score, Unreadable
from antiphon_trainer.corpus.scores import parse
from tests.daemon.mutations import mutated

from .abc_writer import Writer, expected, make_up
from .conftest import joined

TUNES = int(os.environ.get("ANTIPHON_FUZZ_TUNES", "1000"))
"""How many are made up; 100,000 take some minutes."""

WORDS = (
    *(b"X:1\n", b"K:", b"\nK:none\n", b"\nM:0/4\n", b"[M:4/0]", b"\nL:1/0\n", b"[L:0]", b"[V:2]", b"\nm:n=zz\n"),
    *(
        b"[CEG",
        b"]",
        b"[]",
        b"[1",
        b"|",
        b"::",
        b":",
        b"{",
        b"}",
        b'"',
        b"!",
        b"!!",
        b"+",
        b"(3",
        b"(9:0:0",
        b"(0",
        b">",
    ),
    *(b"-", b"&", b"&&", b"Z999", b"Z", b"C0", b"C/0", b"C99999999", b"C" + b"/" * 40, b"^^^C", b"=20", b"\\", b"<<<"),
    *(b"\xff\xfe", b"\x00", b"\r", b"y9", b"c" + b"'" * 99, b"I:linebreak !\n", b"[I:", b"[K:C octave=9]", b"$"),
    *(b"%%begintext", b"\n\n"),
)
tunes = st.integers(0, 50).map(lambda seed: Writer(Random(seed), *make_up(Random(seed))).text.encode())  # noqa: S311


@settings(deadline=None, derandomize=True, database=None, max_examples=400)
@given(tunes.flatmap(lambda tune: mutated(tune, WORDS)))
def test_any_abc_is_read_or_refused(content: bytes) -> None:
    found = parse(content, ".abc")
    if isinstance(found, Unreadable):
        assert found.reason and "\n" not in found.reason + found.detail
        return
    barlines(found)
    try:
        assert encode(found, None)
    except Refused as refused:
        assert refused.reason and refused.detail


def test_what_is_written_is_read() -> None:
    sounding = 0
    for seed in range(TUNES):
        random = Random(seed)  # noqa: S311  nothing is secret
        metre, key, bars = make_up(random)
        if all(note.pitch is None for bar in bars for note in bar.notes):
            continue
        text = Writer(random, metre, key, bars).text
        found = parse(text.encode(), ".abc")
        assert isinstance(found, Score), f"seed {seed}: {found}\n{text}"
        read = joined(found.notes)
        assert [pitch for pitch, _ in read] == [pitch for pitch, _ in expected(bars)], f"seed {seed}\n{text}"
        assert [length for _, length in read] == pytest.approx([length for _, length in expected(bars)]), (
            f"{seed}\n{text}"
        )
        assert found.sharps == key, f"seed {seed}\n{text}"
        sounding += 1
    assert sounding > 0.9 * TUNES
