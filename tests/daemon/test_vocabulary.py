import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary, mapping_text, read_mapping, vocabulary_of

pitch_sets = st.sets(st.integers(0, 127), min_size=1)


@given(pitch_sets)
def test_the_same_corpus_has_the_same_mapping(pitches: set[int]) -> None:
    symbols = [str(pitch) for pitch in pitches]
    vocabulary = vocabulary_of(symbols)
    assert vocabulary == vocabulary_of(reversed(symbols))
    assert list(vocabulary.symbols) == sorted({*symbols, "_", "r", "/"})


@given(pitch_sets, st.integers(-128, 255))
def test_folding_keeps_the_pitch_class_and_finds_the_nearest(pitches: set[int], pitch: int) -> None:
    vocabulary = vocabulary_of(map(str, pitches))
    folded = int(vocabulary.symbols[vocabulary.fold(np.array([pitch]))[0]])
    same_class = [p for p in pitches if p % 12 == pitch % 12]
    assert abs(folded - pitch) == min(abs(p - pitch) for p in same_class or pitches)


def test_mapping_goes_through_its_file(tmp_path: Path) -> None:
    vocabulary = Vocabulary(("r", "72", "_", "/", "60"))  # a student's, in a set's order
    (tmp_path / "mapping.json").write_text(mapping_text(vocabulary))
    assert read_mapping(tmp_path / "mapping.json") == vocabulary
    assert list(vocabulary.pitches.items()) == [(60, 4), (72, 1)]
    assert (vocabulary.hold, vocabulary.rest, vocabulary.end) == (2, 0, 3)


@pytest.mark.parametrize(
    ("mapping", "complaint"),
    [
        ({"60": 0, "_": 1, "r": 2, "/": 2}, "missing or doubled"),
        ({"60": 0, "_": 1, "r": 2, "/": 4}, "missing or doubled"),
        ({"60": 0, "_": 1, "/": 2}, "'r'"),
        ({"_": 0, "r": 1, "/": 2}, "no pitch"),
        ({"128": 0, "_": 1, "r": 2, "/": 3}, "'128'"),
        ({"C4": 0, "_": 1, "r": 2, "/": 3}, "'C4'"),
        ({"60": "0", "_": 1, "r": 2, "/": 3}, "no integer"),
        ({"60": True, "_": 0, "r": 2, "/": 3}, "no integer"),
        ([], "not a mapping"),
    ],
)
def test_a_mapping_that_is_none_is_refused(tmp_path: Path, mapping: object, complaint: str) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(mapping))
    with pytest.raises(UserError, match=complaint) as refused:
        read_mapping(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mapping.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(UserError, match="no JSON"):
        read_mapping(tmp_path / "mapping.json")
    with pytest.raises(UserError, match="can't be read"):
        read_mapping(tmp_path / "missing.json")
