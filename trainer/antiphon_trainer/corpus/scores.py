"""Scores: what the reader of its format reads from a score, as a plain value. Nothing is judged or changed here."""

from __future__ import annotations

import re

from antiphon.budgets import SCORE_BYTES, SONG_BARS, SONG_NOTES, SONG_QUARTERS
from antiphon_trainer.corpus.abc_reader import ABC_VERSION, read_abc
from antiphon_trainer.corpus.kern import KERN_VERSION, read_kern
from antiphon_trainer.corpus.kern_count import count_kern
from antiphon_trainer.corpus.midi_score import MIDI_VERSION, read_midi
from antiphon_trainer.corpus.music_xml import MUSIC_XML_VERSION, read_music_xml
from antiphon_trainer.corpus.score import TOO_LARGE, TOO_LONG, NoScore, Parsed, Score, Unreadable
from antiphon_trainer.corpus.wholeness import require_whole


def reader_version(suffix: str) -> str:
    """Say which reader, in which version, reads files with a suffix; a cache keeps what others read apart."""
    if suffix == ".krn":
        return f"kern {KERN_VERSION}"
    if suffix == ".abc":
        return f"abc {ABC_VERSION}"
    if suffix in (".mid", ".midi"):
        return f"midi {MIDI_VERSION}"
    return f"musicxml {MUSIC_XML_VERSION}"


def parse(content: bytes, suffix: str) -> Parsed:
    """Read one song from a file's bytes; `suffix` (`.krn` …) says the format. Never raises for a bad file."""
    try:
        return _within_budget(_read(content, suffix))
    except NoScore as reason:
        return Unreadable(*reason.args)
    except MemoryError:
        return Unreadable(TOO_LARGE, "reading it takes too much memory")


def _within_budget(score: Score) -> Score:
    """Return a score that is no longer than a melody can be.

    Raises:
        NoScore: it is longer.
    """
    quarters = sum(note.quarter_length for note in score.notes)
    sizes = (
        (len(score.notes), SONG_NOTES, "notes and rests"),
        (len(score.bars), SONG_BARS, "bars"),
        (quarters, SONG_QUARTERS, "quarter notes"),
    )
    for size, most, what in sizes:
        if not size <= most:  # nor is infinity
            raise NoScore(TOO_LONG, f"{size:,.0f} {what}, at most {most:,}")
    return score


def _read(content: bytes, suffix: str) -> Score:
    if not content.strip():
        raise NoScore("empty file")
    if len(content) > SCORE_BYTES:
        raise NoScore(TOO_LARGE, f"{len(content):,} bytes, at most {SCORE_BYTES:,}")
    if suffix in (".mid", ".midi"):
        return read_midi(content)
    if suffix not in (".krn", ".abc"):
        return read_music_xml(content, is_packed=suffix == ".mxl")
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NoScore("no text file")
    return read_abc(content) if suffix == ".abc" else _read_kern(content)


def _read_kern(content: bytes) -> Score:
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if not re.search(r"^(\S+\t)*\*\*kern\b", text, re.MULTILINE):
        raise NoScore("no **kern spine")
    score = read_kern(text)
    require_whole(score, count_kern(text))
    return score
