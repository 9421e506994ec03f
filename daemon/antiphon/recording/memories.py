"""Memories as files: what was learned of each performer is kept, listed, copied and cleared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from antiphon.budgets import MEMORY_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file, write_whole
from antiphon.improviser.memory.stored import Header, read_header, vocabulary_hash
from antiphon.melody.vocabulary import Vocabulary

ENDING = ".memory"


@dataclass(frozen=True)
class Kept:
    """A memory that is kept."""

    performer: str
    path: Path
    size: int
    """Bytes."""
    header: Header


def memories_folder(setting: str) -> Path:
    """Return where memories are kept: the setting's folder, or for "" one in the platform's data folder."""
    return Path(setting).expanduser() if setting else user_data_path("antiphon", appauthor=False) / "memories"


def memory_path(folder: Path, performer: str, vocabulary: Vocabulary) -> Path:
    """Return where a performer's memory is kept that is spelled in a vocabulary: each has one of its own."""
    return memory_file(folder, performer, vocabulary_hash(vocabulary))


def memory_file(folder: Path, performer: str, vocabulary: str) -> Path:
    """Return the same for a vocabulary's hash, as a stored memory names it."""
    return folder / performer / f"{vocabulary[:12]}{ENDING}"


def kept_files(folder: Path, performer: str) -> list[Path]:
    """Return the files of what is kept of a performer."""
    return sorted((folder / performer).glob(f"*{ENDING}"))


def read_memory(path: Path) -> bytes:
    """Return the content of a memory; nothing where there is none.

    Raises:
        UserError: it can't be read.
    """
    try:
        return read_file(path, MEMORY_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); move it elsewhere to begin anew") from None


def write_memory(path: Path, content: bytes) -> None:
    """Write a memory, for this user alone; what stood there stays until the new one is whole.

    Raises:
        UserError: it can't be written.
    """
    try:
        write_whole(path, lambda beside: beside.write_bytes(content), private=True)
    except OSError as error:
        raise UserError(f"{path}: can't be written ({error.strerror}); what was kept before is still there") from None


def kept_memories(folder: Path, performer: str) -> list[Kept]:
    """Return what is kept of a performer, a memory for each mapping.

    Raises:
        UserError: one can't be read.
    """
    found = [(path, read_memory(path)) for path in kept_files(folder, performer)]
    return [Kept(performer, path, len(content), read_header(content, str(path))) for path, content in found]


def beside(recordings: Path, content_hash: str) -> Path:
    """Return where the memory lies that recordings in a folder began with."""
    return recordings / f"{content_hash}{ENDING}"


def hash_of(content: bytes) -> str:
    """Return what a recording calls the memory that it began with: the SHA-256 of its content."""
    return hashlib.sha256(content).hexdigest()
