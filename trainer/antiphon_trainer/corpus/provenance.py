"""Provenance: where a corpus comes from and on what terms, as a bundle's manifest repeats it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from antiphon_trainer.corpus.scores import reader_version
from antiphon_trainer.corpus.sources import ESSEN, IRISH, IRISH_FOLDERS

_ESSEN_TERMS = "study and non-commercial use; songs not redistributed"
_IRISH_NAME = (
    "O'Neill's Music of Ireland (1903; its 1850 tunes), Ryan's Mammoth Collection (1883), Aird's Selection of Airs "
    "(from 1782 on)"
)
_IRISH_TERMS = (
    "The tunes are in the public domain by their age. Of the transcriptions, music21's corpus/license.txt says: 'To "
    "the best of our knowledge, the each piece of music in the corpus is either out of copyright in the United States "
    "or is licensed for use, though there may be restrictions on commercial use. The encodings may be under copyright "
    "but have been licensed for use, though there may be restrictions on commercial use.' Their folders have no "
    "licence of their own, and the files name who transcribed a tune but no terms. So these weights are not "
    "distributed with Antiphon: who makes them decides what to do with them."
)
_ESSEN_KERN = "https://github.com/ccarh/essen-folksong-collection"


def corpus_terms(corpora: Sequence[str], copyrights: Iterable[str]) -> dict[str, Any]:
    """Return a corpus' name, source and licence, given how it was named and the copyright records of its songs.

    The collections that come with music21 are known by their words, and the Essen collection also by the copyright
    record of its kern files; of any other corpus the copyright records are repeated as they stand.
    """
    if list(corpora) == [ESSEN]:
        source: dict[str, Any] = {
            "package": f"music21 {version('music21')}, corpus/essenFolksong (ABC)",
            "reader": f"{reader_version('.abc')}, after the ABC standard 2.1",
        }
        return {"name": "Essen folksong collection, German part", "source": source, "licence": _ESSEN_TERMS}
    if list(corpora) == [IRISH]:
        source = {
            "package": f"music21 {version('music21')}, corpus/{{{','.join(IRISH_FOLDERS)}}} (ABC)",
            "reader": f"{reader_version('.abc')}, after the ABC standard 2.1",
        }
        return {"name": _IRISH_NAME, "source": source, "licence": _IRISH_TERMS}
    folders = ["/".join(Path(corpus).resolve().parts[-2:]) for corpus in corpora]
    records = sorted(set(copyrights))
    if records and all("estate of Helmut Schaffrath" in record for record in records):
        source = {"repository": _ESSEN_KERN, "folders": folders}
        return {"name": "Essen folksong collection (kern)", "source": source, "licence": _ESSEN_TERMS}
    known = [record for record in records if record]
    licence = "; ".join(known[:5]) or "unknown: ask whoever the songs are from before you pass the model on"
    return {"name": ", ".join(corpora), "source": {"folders": folders}, "licence": licence}


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of those of the packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
