"""The house's one-way arrows: what the daemon must never load, and which floor may import from which."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "daemon" / "antiphon"
HEAVY = ("tensorflow", "keras", "music21", "antiphon_trainer")
WORLD = ("threading", "time", "asyncio", "rtmidi", "mido", "signal", "socket")
"""What touches the world or the clock."""
FORBIDDEN = {
    "melody": ("antiphon.improviser", "antiphon.live", *WORLD),
    "improviser": ("antiphon.live", *WORLD),
}
"""Floor → what nothing on it may import."""

IMPORT_ALL = """
import importlib, pkgutil, sys
import antiphon
names = [module.name for module in pkgutil.walk_packages(antiphon.__path__, "antiphon.")]
for name in names:
    importlib.import_module(name)
print(len(names), *(heavy for heavy in sys.argv[1:] if heavy in sys.modules))
"""


def test_no_module_of_the_daemon_loads_what_only_training_needs() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, *HEAVY], capture_output=True, text=True, check=True)
    count, *loaded = done.stdout.split()
    assert loaded == []
    assert int(count) >= len(list(PACKAGE.rglob("[!_]*.py")))


@pytest.mark.parametrize("floor", FORBIDDEN)
def test_a_floor_imports_only_from_below(floor: str) -> None:
    files = sorted((PACKAGE / floor).rglob("*.py"))
    assert files
    wrong = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in files
        for name in imports(file, PACKAGE)
        if is_within(name, FORBIDDEN[floor])
    ]
    assert wrong == []


def test_nothing_in_the_daemon_names_the_trainer() -> None:
    wrong = [str(file) for file in PACKAGE.rglob("*.py") for name in imports(file, PACKAGE) if is_within(name, HEAVY)]
    assert wrong == []


def imports(file: Path, package_folder: Path) -> Iterator[str]:
    """Yield the full names of all that a file imports, wherever in it; `from a import b` gives `a.b`."""
    package = file.relative_to(package_folder.parent).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)
