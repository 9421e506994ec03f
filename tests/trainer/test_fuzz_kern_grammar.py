"""Whatever music is written in kern, in whatever valid spelling: the same music is read."""

import os
from random import Random

import pytest

from antiphon_trainer.corpus.score import Score
from antiphon_trainer.corpus.scores import parse

from .abc_writer import expected, make_up
from .conftest import joined
from .kern_writer import Writer

TUNES = int(os.environ.get("ANTIPHON_FUZZ_TUNES", "1000"))
"""How many are made up; 100,000 take some minutes."""


def test_what_is_written_is_read() -> None:
    sounding = 0
    for seed in range(TUNES):
        random = Random(seed)  # noqa: S311  nothing is secret
        metre, key, bars = make_up(random)
        if all(note.pitch is None for bar in bars for note in bar.notes):
            continue
        text = Writer(random, metre, key, bars).text
        found = parse(text.encode(), ".krn")
        assert isinstance(found, Score), f"seed {seed}: {found}\n{text}"
        read, right = joined(found.notes), expected(bars)
        assert [pitch for pitch, _ in read] == [pitch for pitch, _ in right], f"seed {seed}\n{text}"
        assert [length for _, length in read] == pytest.approx([length for _, length in right]), f"{seed}\n{text}"
        assert found.sharps == key, f"seed {seed}\n{text}"
        sounding += 1
    assert sounding > 0.9 * TUNES
