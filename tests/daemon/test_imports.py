"""Imports go one way: what the daemon must never load, and which package may import from which."""

from __future__ import annotations

import ast
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "daemon" / "antiphon"
HEAVY = ("tensorflow", "keras", "music21", "antiphon_trainer")
WORLD = ("threading", "time", "antiphon.clock", "asyncio", "rtmidi", "supriya_midi", "mido", "signal", "socket")
"""What touches the world or the clock."""
ORDER = (
    *("errors", "printable", "streams", "budgets", "quiet", "clock", "files", "memory_limit", "melody"),
    *("parameter", "parameters", "settings", "midi", "improviser", "trial", "musician"),
    *("recording", "offline", "ableton_link", "stage", "osc", "live", "setup", "bench"),
    *("options", "memory_cli", "offline_cli", "cli", "commands", "__main__"),
)
"""All packages and modules at the top of `antiphon`: each may import those before it, and no others."""
PURE_MIDI = ("protocol", "messages", "codec", "active_notes", "sent_notes")
"""Modules of `midi/` that open no port: values and functions."""


def ours(*names: str) -> tuple[str, ...]:
    return tuple(f"antiphon.{name}" for name in names)


FORBIDDEN = {
    "melody": WORLD,
    "improviser": (
        *ours("settings", "midi.codec", "midi.ports", "midi.port", "midi.connection", "midi.jack_monitor"),
        *ours(
            "midi.c_counter", "midi.libjack", "midi.late_connection", "midi.backend", "midi.backends", "midi.time_limit"
        ),
        *WORLD,
    ),
    "stage": ours("improviser", "trial", "musician"),
    "osc": ours("improviser", "trial", "musician"),
    "ableton_link": ours("improviser", "trial", "musician", "midi.ports", "midi.connection"),
    **{f"midi/{name}.py": (*ours("settings", "files", "midi.ports", "midi.connection"), *WORLD) for name in PURE_MIDI},
}
"""Wing or module → what nothing in it may import, even where the order would let it."""

PROJECT = PACKAGE.parents[1]

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


def test_the_order_names_everything_at_the_top_of_the_package() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert there - {"__init__"} == set(ORDER)


def test_imports_follow_the_order() -> None:
    places = {name: place for place, name in enumerate(ORDER)}
    wrong = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for name in imports(file, PACKAGE)
        if name.startswith("antiphon.")
        and places[name.split(".")[1]] > places[file.relative_to(PACKAGE).with_suffix("").parts[0]]
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    files = {
        ".".join(("antiphon", *file.relative_to(PACKAGE).with_suffix("").parts)): file for file in PACKAGE.rglob("*.py")
    }
    graph = {
        name: {found for each in imports(file, PACKAGE) for found in (each, each.rpartition(".")[0]) if found in files}
        for name, file in files.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("wing", FORBIDDEN)
def test_a_wing_imports_nothing_that_is_forbidden_to_it(wing: str) -> None:
    place = PACKAGE / wing
    files = [place] if place.suffix else sorted(place.rglob("*.py"))
    assert files
    wrong = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in files
        for name in imports(file, PACKAGE)
        if is_within(name, FORBIDDEN[wing])
    ]
    assert wrong == []


def test_nothing_in_the_daemon_names_the_trainer() -> None:
    wrong = [str(file) for file in PACKAGE.rglob("*.py") for name in imports(file, PACKAGE) if is_within(name, HEAVY)]
    assert wrong == []


@pytest.mark.parametrize("server", ["stage", "osc"])
def test_a_serving_process_loads_no_improviser(server: str) -> None:
    loading = f"import sys, antiphon.{server}.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert f"antiphon.{server}.server" in loaded
    assert [name for name in loaded if is_within(name, ours("improviser", "live", "musician"))] == []


def test_only_the_process_that_joins_link_loads_its_library() -> None:
    """It is under the GPL, and what plays is under MIT."""
    joins = [file for file in PACKAGE.rglob("*.py") for name in imports(file, PACKAGE) if is_within(name, ("link",))]
    assert joins == [PACKAGE / "ableton_link" / "peer.py"]
    loading = "import sys, antiphon.live.session, antiphon.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if is_within(name, ("link", *ours("ableton_link.peer")))] == []


def test_only_midi_knows_the_bytes_of_midi() -> None:
    files = [*PACKAGE.rglob("*.py"), *(PROJECT / "trainer").rglob("*.py"), *(PROJECT / "bench").rglob("*.py")]
    allowed = set((PACKAGE / "midi").glob("*.py"))
    assert {PACKAGE / "midi" / "protocol.py"} < allowed < set(files)
    wrong = [f"{file}:{line}" for file in sorted({*files} - allowed) for line in midi_bytes(file)]
    assert wrong == []


def midi_bytes(file: Path) -> Iterator[str]:
    """Yield the lines, with their numbers, on which a file writes a status byte, or masks one."""
    with tokenize.open(file) as source:
        for token in tokenize.generate_tokens(source.readline):
            is_hex = token.type == tokenize.NUMBER and token.string[:2].lower() == "0x"
            if is_hex and int(token.string, 16) in (0x0F, *range(0x80, 0xFF)):  # FF alone masks a byte
                yield f"{token.start[0]}: {token.line.strip()}"


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
