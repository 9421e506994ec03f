"""A memory as the bytes of a file, and back: so that the next set begins with what was learned in this one.

The format is NumPy's `.npz`, without pickles: what is used of each table, and a header that says to which vocabulary
and which contexts it belongs.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.budgets import MEMORY_BYTES
from antiphon.errors import UserError
from antiphon.improviser.memory.contexts import CLASS_CONTEXTS, PITCH_CONTEXTS
from antiphon.improviser.memory.gain import Gain
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.weights import UNTRAINED, StartWeights
from antiphon.melody.vocabulary import Vocabulary

FORMAT_VERSION = 1
HEADER = "header"

DAMAGE = (OSError, ValueError, LookupError, EOFError, RuntimeError, MemoryError, SyntaxError, TypeError)
"""What Python's archives and NumPy's arrays raise when they are read from bytes that are none."""

Arrays = dict[str, npt.NDArray[Any]]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a stored memory says of itself."""

    format_version: int = FORMAT_VERSION
    vocabulary: str
    """SHA-256 of its symbols: the memory holds tokens, which mean nothing with another mapping."""
    contexts: str
    """SHA-256 of the contexts' names: what is counted under others can't be found."""
    notes: int
    steps: int
    gain: Gain = Gain()
    """What the mixture has gained over the network; nothing where an older Antiphon has stored it."""


def vocabulary_hash(vocabulary: Vocabulary) -> str:
    """Return what a stored memory calls its vocabulary."""
    return hashlib.sha256("\n".join(vocabulary.symbols).encode()).hexdigest()


def store(memory: Memory, vocabulary: Vocabulary) -> bytes:
    """Return a memory as the content of a file."""
    return packed(header_of(memory, vocabulary), memory.arrays())


def header_of(memory: Memory, vocabulary: Vocabulary) -> Header:
    """Return what a memory says of itself where it is stored."""
    return Header(
        vocabulary=vocabulary_hash(vocabulary),
        contexts=_contexts_hash(),
        notes=memory.notes,
        steps=memory.steps,
        gain=memory.gain,
    )


def packed(header: Header, arrays: Arrays) -> bytes:
    """Return the content of a file that holds a memory's arrays."""
    out = io.BytesIO()
    written: dict[str, Any] = {HEADER: np.frombuffer(msgspec.json.encode(header), np.uint8), **arrays}
    np.savez_compressed(out, **written)
    return out.getvalue()


def restore(content: bytes, where: str, vocabulary: Vocabulary, weights: StartWeights = UNTRAINED) -> Memory:
    """Return the memory that was stored.

    Args:
        content: of the file.
        where: the file, as it is called in errors.
        vocabulary: of the tokens.
        weights: that the mixture begins with if it is ever told to forget.

    Raises:
        UserError: it is damaged, of a newer version, or of another vocabulary.
    """
    header, arrays = _read(content, where)
    if header.vocabulary != vocabulary_hash(vocabulary):
        raise UserError(f"{where}: was learned with a model of another mapping; take that model, or another memory")
    memory = Memory(vocabulary, weights)
    try:
        memory.load_arrays(arrays, header.notes, header.gain)
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f"{where}: is damaged ({error}); take a copy of it, or clear it") from None
    return memory


class StoredMemory:
    """A memory that was stored, from which any number of sets may begin. It is restored at once, to see that it can be.

    Args:
        content, where, vocabulary, weights: as for `restore`.

    Raises:
        UserError: as `restore` does.
    """

    def __init__(self, content: bytes, where: str, vocabulary: Vocabulary, weights: StartWeights) -> None:
        self.content = content
        """Of the file."""
        self._where = where
        self._restored: Memory | None = restore(content, where, vocabulary, weights)
        self.notes = self._restored.notes
        """That were learned."""

    def begun(self, vocabulary: Vocabulary, weights: StartWeights) -> Memory:
        """Return the memory that a set begins with, which may go on learning.

        The first one is what was restored already: that takes 0.4 s for 1,000 tunes.

        Raises:
            UserError: it was learned with another vocabulary.
        """
        restored, self._restored = self._restored, None
        if restored is not None and restored.vocabulary.symbols == vocabulary.symbols:
            return restored
        return restore(self.content, self._where, vocabulary, weights)


def begun_with(learned: StoredMemory | None, vocabulary: Vocabulary, weights: StartWeights) -> Memory:
    """Return the memory that a set begins with: what was `learned` before; an empty one where nothing was.

    Raises:
        UserError: see `restore`.
    """
    return Memory(vocabulary, weights) if learned is None else learned.begun(vocabulary, weights)


def read_header(content: bytes, where: str) -> Header:
    """Return what a stored memory says of itself.

    Raises:
        UserError: it is damaged, or of a newer version.
    """
    return _read(content, where)[0]


def _read(content: bytes, where: str) -> tuple[Header, Arrays]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MEMORY_BYTES:
            raise UserError(f"{where}: has {size:,} bytes unpacked; a memory has at most {MEMORY_BYTES:,}")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = msgspec.json.decode(arrays.pop(HEADER).tobytes(), type=Header)
    except (*DAMAGE, zipfile.BadZipFile, zlib.error, struct.error) as error:
        raise UserError(f"{where}: is no memory of Antiphon, or is damaged ({error}); move it elsewhere") from None
    if header.format_version > FORMAT_VERSION:
        raise UserError(
            f"{where}: format version {header.format_version}; this Antiphon reads up to version {FORMAT_VERSION}: "
            "update Antiphon"
        )
    if header.contexts != _contexts_hash():
        raise UserError(f"{where}: was learned by another version of Antiphon, whose counts mean nothing to this one")
    return header, arrays


def _contexts_hash() -> str:
    names: Mapping[str, Any] = {"classes": CLASS_CONTEXTS, "pitches": PITCH_CONTEXTS}
    return hashlib.sha256(msgspec.json.encode(names)).hexdigest()
