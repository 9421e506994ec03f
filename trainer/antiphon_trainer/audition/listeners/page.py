"""The page: one file that plays excerpts in any browser, without a network, and keeps what a listener preferred.

It doesn't know whose a melody is. That stands in `origins.json` beside it, which the evaluation reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from antiphon.files import write_whole
from antiphon_trainer.audition.listeners.excerpts import Excerpt, Origin

PAGE, ORIGINS = "listen.html", "origins.json"


class Origins(msgspec.Struct, frozen=True):
    """Whose the melodies of a page are."""

    page: str
    """By which the page's answers are told from those of others."""
    bundle: str
    seed: int
    origins: tuple[Origin, ...]
    """Of each excerpt, in the page's order."""


def write_page(folder: Path, bundle: str, seed: int, pairs: Sequence[tuple[Excerpt, Origin]]) -> None:
    """Write the page and the origins into a folder.

    Raises:
        UserError: they can't be written.
    """
    heard = msgspec.json.encode([excerpt for excerpt, _ in pairs])
    origins = Origins(hashlib.sha256(heard).hexdigest()[:12], bundle, seed, tuple(origin for _, origin in pairs))
    parts = files(__package__)
    page = (parts / PAGE).read_text(encoding="utf-8")
    script = (parts / "listen.js").read_text(encoding="utf-8")
    data = msgspec.json.encode({"page": origins.page, "excerpts": [excerpt for excerpt, _ in pairs]}).decode()
    # "</" would end the element in which it stands.
    page = page.replace("/* EXCERPTS */", data.replace("</", "<\\/")).replace("/* SCRIPT */", script)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / PAGE, lambda beside: beside.write_text(page, encoding="utf-8"))
    write_whole(folder / ORIGINS, lambda beside: beside.write_bytes(msgspec.json.format(msgspec.json.encode(origins))))
