"""Sources: which scores a corpus holds. Folders are searched, ABC tune books are taken apart; nothing is parsed yet."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from antiphon.budgets import BOOK_BYTES, SCORE_BYTES
from antiphon.errors import UserError
from antiphon.files import kind_of, read_file
from antiphon.printable import printable
from antiphon_trainer.corpus.abc_text import decoded
from antiphon_trainer.corpus.humdrum import pieces

SUFFIXES = (".krn", ".abc", ".musicxml", ".xml", ".mxl", ".mid", ".midi")
ESSEN = "essen"
"""The word for music21's own ABC copy of the German part of the Essen folksong collection."""
IRISH = "irish"
"""The word for the collections of dance tunes and airs, Irish for the most part, that come with music21."""
IRISH_FOLDERS = ("oneills1850", "ryansMammoth", "airdsAirs")
"""Where they lie in music21's corpus."""

_ESSEN_FILES = re.compile(r"(altdeu|ballad|boehme|dva|erk|fink|kinder|variant|zuccal)\d+\.abc")
"""The copy's German tune books. Left out: China (han), Ireland, Lorraine, Luxembourg, Haydn, and the tests."""


@dataclass(frozen=True, slots=True)
class Source:
    """One song's score."""

    name: str
    """Unlike every other source's: `allerkbd-deut3679`, or of a tune book its number in the book: `erk10-240`."""
    where: str
    """How a report names it: its path below the corpus, of a tune book with the number behind."""
    file: str
    """Its path; a Path takes four times the memory, and a corpus may have a million."""
    suffix: str
    tune: bytes | None = None
    """The tune's text, where the file is a tune book."""
    refused: str = ""
    """Why it isn't read, if it isn't."""

    @property
    def path(self) -> Path:
        """The file's path."""
        return Path(self.file)

    def read(self) -> bytes:
        """Return the score's bytes.

        Raises:
            OSError: it can't be read, is no regular file, or is too large; `strerror` says which, in words.
        """
        if self.tune is not None:
            return self.tune
        if self.refused:
            raise OSError(errno.EINVAL, self.refused, self.file)
        try:
            return read_file(self.path, SCORE_BYTES)
        except UserError as error:
            raise OSError(errno.EINVAL, str(error).removeprefix(f"{self.file}: "), self.file) from None


def collect(corpora: Iterable[str]) -> list[Source]:
    """List the scores of corpora: folders (searched to the bottom), files, or the words `essen` and `irish`.

    The order is that of the corpora and, in each, of the paths: the same on every machine.

    Raises:
        UserError: a corpus is missing, is no score, or there is no score in any.
    """
    corpora = list(corpora)
    sources: list[Source] = []
    seen: set[str] = set()
    for corpus in corpora:
        for path, where, refused in _files(corpus):
            resolved = os.path.realpath(path)
            if refused:
                sources.append(Source(path.stem, where, str(path), path.suffix.lower(), refused=refused))
            elif resolved not in seen:
                seen.add(resolved)
                sources.extend(_songs(path, where))
    if not sources:
        raise UserError(f"{', '.join(corpora)}: holds no score ({', '.join(SUFFIXES)})")
    return _named_apart(sources)


def _files(corpus: str) -> Iterator[tuple[Path, str, str]]:
    """Yield each file of a corpus, its path below the corpus as it is printed, and why it isn't to be read, or ""."""
    if corpus == ESSEN:
        folder = music21_corpus() / "essenFolksong"
        books = sorted(path for path in folder.glob("*.abc") if _ESSEN_FILES.fullmatch(path.name))
        yield from ((path, path.name, "") for path in books)
        return
    if corpus == IRISH:
        for folder in (music21_corpus() / name for name in IRISH_FOLDERS):
            yield from ((path, f"{folder.name}/{path.name}", "") for path in sorted(folder.glob("*.abc")))
        return
    root = Path(corpus).expanduser()
    if root.is_dir():
        inside = ((path.relative_to(root), path) for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
        for below, path in sorted(inside, key=lambda pair: pair[0].parts):
            if not any(part.startswith(".") for part in below.parts) and not _is_folder(path):
                yield path, printable(below.as_posix()), _why_refused(path, root)
    elif not root.exists():
        raise UserError(
            f"{corpus}: there is no such folder or file; name scores, or say '{ESSEN}' or '{IRISH}' "
            "for what comes with music21"
        )
    elif root.suffix.lower() not in SUFFIXES:
        raise UserError(f"{corpus}: is no score that Antiphon reads ({', '.join(SUFFIXES)})")
    else:
        yield root, printable(root.name), ""


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _why_refused(path: Path, root: Path) -> str:
    """Return why a file below a folder isn't read, or "": a folder of scores may come from anybody."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        if not path.exists():
            return "is a link to nothing"
        if not path.resolve().is_relative_to(root.resolve()):
            return "is a link that leads out of the folder; name the other folder too"
        mode = path.stat().st_mode
    return "" if stat.S_ISREG(mode) else f"is {kind_of(mode)}; a file is needed there"


def music21_corpus() -> Path:
    """Return the folder of scores that come with music21.

    Raises:
        UserError: this music21 has none.
    """
    spec = find_spec("music21")
    places = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(places[0]) / "corpus" if places else Path()
    if not places or not (folder / "essenFolksong").is_dir():
        raise UserError(f"'{ESSEN}', '{IRISH}': this music21 has no corpus; name a folder of scores instead")
    return folder


def _songs(path: Path, where: str) -> Iterator[Source]:
    """Yield the songs of a file: one, or every tune of an ABC tune book and every piece of a kern file."""
    stem = f"{path.resolve().parent.name}-{path.stem}"
    suffix = path.suffix.lower()
    tunes = _tunes(path, suffix)
    if len(tunes) < 2:
        yield Source(stem, where, str(path), suffix)
        return
    for number, tune in tunes:
        yield Source(f"{path.stem}-{number}", f"{where}#{number}", str(path), suffix, tune)


def _tunes(path: Path, suffix: str) -> list[tuple[str, bytes]]:
    """Take a file of several songs apart, and number them; empty where the format knows no such files."""
    try:
        if suffix == ".krn":
            return [(str(number), piece) for number, piece in enumerate(pieces(read_file(path, BOOK_BYTES)), start=1)]
        return _tunes_of_a_book(read_file(path, BOOK_BYTES)) if suffix == ".abc" else []
    except (OSError, UserError):
        return []  # reading it as a source will say why


def _tunes_of_a_book(content: bytes) -> list[tuple[str, bytes]]:
    """Take a tune book apart at its `X:` fields; what stands before the first belongs to every tune."""
    content = decoded(content).encode()
    head, *tunes = re.split(rb"^(?=X:)", content, flags=re.MULTILINE)
    numbers = [re.match(rb"X:\s*(\w*)", tune) for tune in tunes]
    return [(match[1].decode(), head + tune) for match, tune in zip(numbers, tunes, strict=True) if match]


def _named_apart(sources: list[Source]) -> list[Source]:
    """Make the names safe as file names and unlike each other: the second `a-b` becomes `a-b-2`."""
    taken: set[str] = set()
    named = []
    for source in sources:
        plain = re.sub(r"[^\w.+-]", "_", source.name)
        name, count = plain, 1
        while name.casefold() in taken:
            count += 1
            name = f"{plain}-{count}"
        taken.add(name.casefold())
        named.append(replace(source, name=name))
    return named
