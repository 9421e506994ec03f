"""Names from outside in what the trainer prints and writes: of models, scores, and words in scores."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import mido
import pytest

from .conftest import SCORES, Workplace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
EVIL = "ev\x1b[31mil\n\x9b2J\u202eforged"
SHOWN = r"ev\x1b[31mil\n\x9b2J\u202eforged"


def is_plain(text: str) -> bool:
    """Return whether lines hold nothing that steers a terminal."""
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", text)


@pytest.fixture
def place(finished: Workplace, tmp_path: Path) -> Workplace:
    """A folder with a model of such a name."""
    shutil.copytree(finished.path / "models" / "small", tmp_path / "models" / EVIL)
    shutil.copytree(finished.path / "prepared", tmp_path / "prepared")
    return Workplace(tmp_path)


def test_a_model_of_such_a_name_is_measured(place: Workplace) -> None:
    out = place.succeeds("evaluate", f"models/{EVIL}", "--plots", f"plots {EVIL} $\\no")
    assert is_plain(out)
    assert SHOWN in out
    as_json = place.succeeds("evaluate", f"models/{EVIL}", "--json")
    assert is_plain(as_json)
    assert as_json.isascii()
    assert f"models/{EVIL}" in {row.get("bundle") for row in json.loads(as_json)}


@pytest.mark.parametrize("name", [EVIL, "模型 é"])
def test_a_model_of_such_a_name_makes_melodies(name: str, place: Workplace) -> None:
    (place.path / "models" / EVIL).rename(place.path / "models" / name)
    out = place.succeeds("generate", f"models/{name}", "--bars", 1)
    assert is_plain(out)
    assert len(out.splitlines()) == 1
    (midi,) = (place.path / "generated").glob("*.mid")
    title = mido.MidiFile(midi, charset="utf-8").tracks[0].name
    assert is_plain(title)
    assert title == f"{SHOWN if name == EVIL else name}, seed 1"
    (score,) = (place.path / "generated").glob("*.musicxml")
    assert title in score.read_text(encoding="utf-8")


def test_words_in_scores_are_shown_in_a_line(workplace: Workplace) -> None:
    corpus = workplace.path / EVIL
    shutil.copytree(SCORES, corpus)
    (corpus / f"{EVIL}.krn").write_text("**kern\n*M4/4\n4\x1b[31m\x9b2Jc\n*-\n")
    (corpus / "metre.krn").write_text("**kern\n*M\x1b[2J/4\n4c\n*-\n")
    (corpus / "book.abc").write_text(f"X:1\nT:{EVIL!s}\nM:\x1b[31m\nK:\x1b[31mC\nCDEF|\n")
    for command in (("prepare", corpus), ("prepare", corpus, "--check"), ("evaluate", f"models/{EVIL}")):
        done = workplace(*command)
        assert done.code == (2 if command[0] == "evaluate" else 0), done
        assert is_plain(done.out + done.err)
        assert SHOWN in done.out + done.err
