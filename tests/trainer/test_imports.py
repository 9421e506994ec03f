"""The trainer's one-way arrows: which wing may import from which, and what none of them may."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.test_imports import imports, is_within

PACKAGE = Path(__file__).parents[2] / "trainer" / "antiphon_trainer"
WINGS = (
    "corpus",
    "dataset",
    "network",
    "evaluation",
    "conversion",
    "key",
    "memory",
    "audition",
    "generation",
    "making",
)
"""From the bottom up: a wing imports from those before it only."""
TOP = ("cli.py", "__main__.py")


def names_in(folder: Path) -> list[tuple[str, str]]:
    """Return (file, what it imports) of every file below a folder."""
    files = sorted(folder.rglob("*.py"))
    assert files
    return [(str(file.relative_to(PACKAGE)), name) for file in files for name in imports(file, PACKAGE)]


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_imports_only_from_below(wing: str) -> None:
    above = tuple(f"antiphon_trainer.{each}" for each in (*WINGS[WINGS.index(wing) + 1 :], "cli", "__main__"))
    assert [found for found in names_in(PACKAGE / wing) if is_within(found[1], above)] == []


def test_there_is_no_wing_without_its_place() -> None:
    assert {file.parent.name for file in PACKAGE.glob("*/*.py")} == set(WINGS)


def test_what_every_wing_uses_imports_no_wing() -> None:
    files = [file for file in PACKAGE.glob("*.py") if file.name not in TOP]
    assert files
    wings = tuple(f"antiphon_trainer.{wing}" for wing in WINGS)
    assert [(file.name, name) for file in files for name in imports(file, PACKAGE) if is_within(name, wings)] == []


def test_nothing_in_the_trainer_imports_the_playing_process() -> None:
    live = ("antiphon.live", "antiphon.stage")
    assert [found for found in names_in(PACKAGE) if is_within(found[1], live)] == []
