"""The list of recorded sessions."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from antiphon.errors import UserError
from antiphon.recording.session_file import read_summary


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
        return json.dumps(dataclasses.asdict(self) | {"path": str(self.path), "when": self.when.isoformat()})

    def as_line(self) -> str:
        """Return it as a line to read."""
        if self.damaged:
            return f"{self.when:%Y-%m-%d %H:%M}  damaged: {self.damaged}  {self.path}"
        minutes, seconds = divmod(round(self.seconds), 60)
        notes = f"{self.played:5} played, {self.answered:5} answered"
        seed = "" if self.seed is None else f", seed {self.seed}"
        played_with = f"{self.model or 'model unknown'}{seed}"
        return f"{self.when:%Y-%m-%d %H:%M}  {minutes:3}:{seconds:02}  {notes}  {played_with}  {self.path}"


def sessions_folder(setting: str) -> Path:
    """Return the folder of the recordings: the setting's, or for "" one in the platform's data folder."""
    return Path(setting).expanduser() if setting else user_data_path("antiphon") / "sessions"


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
    written = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    try:
        header, summary = read_summary(path)
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


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (TypeError, ValueError):
        return None
