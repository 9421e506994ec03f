"""Mutated archives: Keras files (`.keras`, `.h5`) and packed scores (`.mxl`), read in forks as the trainer reads them.

python -m tests.soak.archives --count 10000 --seed 1
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import music21.converter  # noqa: F401  once, before all forks

from antiphon import trial
from antiphon.budgets import LOADING_BYTES
from antiphon.errors import UserError
from antiphon.memory_limit import limited_memory
from antiphon_trainer.conversion.keras_parts import put_together, take_parts
from antiphon_trainer.corpus.music_xml import read_music_xml
from antiphon_trainer.corpus.score import NoScore
from tests.soak.graphs import WORDS, in_a_fork

KERAS = Path(__file__).parents[1] / "trainer" / "keras2"
WEIGHTS = "model.weights.h5"
_NOTE = "<note><pitch><step>{}</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice></note>"
_BAR = '<measure number="{}">{}</measure>'
_ATTRIBUTES = (
    "<attributes><divisions>4</divisions><key><fifths>0</fifths><mode>major</mode></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>"
)
SCORE = (
    '<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>a</part-name></score-part></part-list>'
    '<part id="P1">'
    + "".join(_BAR.format(n, _ATTRIBUTES * (n == 1) + "".join(map(_NOTE.format, "CDEG"))) for n in (1, 2, 3))
    + "</part></score-partwise>"
)
CONTAINER = '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
PLACES = (b"score.xml", b"config.json", b"model.weights.h5", b"META-INF", b"..", b"/etc/passwd", b"")


def packed(members: dict[str, bytes]) -> bytes:
    """Return an archive of these, whose checksums hold."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return a content with one to four changes: numbers, bits, scraps, what is doubled or cut off."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(max(1, len(found)))
        kind = chance.choice(("word", "bit", "byte", "copy", "scrap", "cut"))
        if kind == "word":
            size = chance.choice((2, 4, 8))
            found[at : at + size] = (chance.choice(WORDS) * 2)[:size]
        elif kind == "bit" and found:
            found[at] ^= 1 << chance.randrange(8)
        elif kind == "byte" and found:
            found[at] = chance.randrange(256)
        elif kind == "copy":
            size = chance.choice((1, 8, 64, 512))
            source = chance.randrange(max(1, len(found)))
            found[at : at + size * chance.randint(0, 1)] = found[source : source + size]
        elif kind == "scrap":
            found[at : at + chance.randrange(8)] = chance.choice(PLACES)
        elif chance.random() < 0.1:
            del found[at:]
    return bytes(found)


def repacked(content: bytes, chance: random.Random) -> bytes:
    """Return an archive in which a member is mutated, and the checksums hold; or one that is mutated as a whole."""
    if chance.random() < 0.2:
        return mutated(content, chance)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    changed = chance.choice(list(members))
    return packed(members | {changed: mutated(members[changed], chance)})


@dataclass(frozen=True)
class Kind:
    """A kind of files: whole ones, how they are mutated, and how the trainer reads one."""

    whole: tuple[bytes, ...]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[bytes], object]


def read_keras(suffix: str) -> Callable[[bytes], object]:
    """Return what reads a Keras file up to where Keras would load it."""

    def read(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"mutated{suffix}"
            path.write_bytes(content)
            try:
                with limited_memory(LOADING_BYTES):
                    parts = take_parts(path, Path(folder))
                    put_together(parts, parts.config)
            except Exception as error:  # noqa: BLE001  as `load_network` does: whatever is raised is a refusal
                raise UserError(str(error)) from None

    return read


def read_score(content: bytes) -> None:
    """Read a packed score."""
    try:
        read_music_xml(content, is_packed=True)
    except NoScore as error:
        raise UserError(str(error)) from None


def kinds() -> dict[str, Kind]:
    """Return the kinds of files."""
    whole = [each for each in sorted(KERAS.glob("*.h5")) if "weights" not in each.name]  # which is refused anyway
    packed_score = packed({"META-INF/container.xml": CONTAINER.encode(), "score.xml": SCORE.encode()})
    return {
        ".keras": Kind(tuple(each.read_bytes() for each in KERAS.glob("*.keras")), repacked, read_keras(".keras")),
        ".h5": Kind(tuple(each.read_bytes() for each in whole), mutated, read_keras(".h5")),
        ".mxl": Kind((packed_score,), repacked, read_score),
    }


def soak(name: str, count: int, seed: int) -> Counter[str]:
    """Read so many mutated files of a kind; return how that ended: "passed", "refused", or a crash."""
    chance, kind = random.Random(f"{seed} {name}"), kinds()[name]  # noqa: S311  no secrets here
    ends: Counter[str] = Counter()
    for _ in range(count):
        content = kind.mutate(chance.choice(kind.whole), chance)

        def work(content: bytes = content) -> None:
            trial.limit_time()
            kind.read(content)

        ends[in_a_fork(work)] += 1
    return ends


def main() -> None:
    """Soak, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="files of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(kinds()), action="append")
    given = parser.parse_args()
    crashed = False
    for name in given.only or kinds():
        ends = soak(name, given.count, given.seed)
        told = ", ".join(f"{count:,} {ended}" for ended, count in ends.most_common())
        print(f"{given.count:,} mutated {name} files, seed {given.seed}: {told}")  # noqa: T201
        crashed |= bool(set(ends) - {"passed", "refused"})
    if crashed:
        sys.exit("a file crashed who read it")


if __name__ == "__main__":
    main()
