"""The list of recorded sessions."""

from __future__ import annotations

import dataclasses
import json
import stat
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from antiphon.errors import UserError
from antiphon.files import kind_of
from antiphon.printable import printable
from antiphon.recording.session_file import read_summary

EPOCH = datetime.fromtimestamp(0, UTC)
"""When a file was written whose time can't be read."""


@dataclass(frozen=True)
class Listed:
    """What the list says of a recording. What a damaged file, or one by others, doesn't say is None or 0."""

    path: Path
    when: datetime
    """The session's start; of a file that doesn't say, when it was written."""
    seconds: float = 0.0
    played: int = 0
    answered: int = 0
    model: str | None = None
    seed: int | None = None
    damaged: str | None = None
    """What is wrong with the file."""

    def as_json(self) -> str:
        """Return it as a JSON object, with `when` in ISO 8601."""
        path = printable(str(self.path))
        return json.dumps(dataclasses.asdict(self) | {"path": path, "when": self.when.isoformat()})

    def as_line(self) -> str:
        """Return it as a line to read."""
        path = printable(str(self.path))
        if self.damaged:
            return f"{self.when:%Y-%m-%d %H:%M}  damaged: {printable(self.damaged)}  {path}"
        minutes, seconds = divmod(round(self.seconds), 60)
        notes = f"{self.played:5} played, {self.answered:5} answered"
        seed = "" if self.seed is None else f", seed {self.seed}"
        played_with = f"{self.model or 'model unknown'}{seed}"
        return f"{self.when:%Y-%m-%d %H:%M}  {minutes:3}:{seconds:02}  {notes}  {played_with}  {path}"


def sessions_folder(setting: str) -> Path:
    """Return the folder of the recordings: the setting's, or for "" one in the platform's data folder."""
    return Path(setting).expanduser() if setting else user_data_path("antiphon", appauthor=False) / "sessions"


def list_sessions(folder: Path) -> list[Listed]:
    """List the recordings in a folder, the oldest first; no folder is no recordings.

    Raises:
        OSError: the folder can't be read.
    """
    if not folder.is_dir():
        return []
    # Names that begin with a dot are files that are just being written.
    files = [file for file in folder.iterdir() if file.suffix == ".mid" and not file.name.startswith(".")]
    return sorted((_listed(file) for file in files), key=lambda listed: (listed.when.timestamp(), listed.path.name))


def _listed(path: Path) -> Listed:
    """Return what the list says of one file; whatever is wrong with it is said there, and not raised."""
    written = EPOCH
    try:
        status = path.lstat()
        written = _moment(status.st_mtime) or EPOCH
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"is {kind_of(status.st_mode)}, and no recording; move it elsewhere")
        header, summary = read_summary(path)
    except OSError as error:  # it was removed just now
        return Listed(path, written, damaged=f"can't be read ({error.strerror})")
    except UserError as error:
        return Listed(path, written, damaged=str(error).removeprefix(f"{path}: "))
    header = header or {}
    model, seed = header.get("model"), header.get("seed")
    return Listed(
        path,
        _moment(header.get("recorded")) or written,
        summary.seconds,
        summary.played,
        summary.answered,
        model if isinstance(model, str) and model.isprintable() else None,
        seed if isinstance(seed, int) else None,
    )


def _moment(time: Any) -> datetime | None:
    """Return a moment in this machine's time zone, given as text in ISO 8601 or in seconds as files have it.

    None where it is neither, or in a year in which some time zone has no date: 1 or 9999.
    """
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else datetime.fromtimestamp(time)
        return moment.astimezone() if MINYEAR < moment.year < MAXYEAR else None
    except (TypeError, ValueError, OSError, OverflowError):
        return None
