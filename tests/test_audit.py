"""The audit of the locked packages says what it found, and that it found nothing out where that is so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[1] / ".ci" / "audit.py"
GOOD: dict[str, Any] = {"name": "good", "version": "1", "vulns": []}
BAD: dict[str, Any] = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNKNOWN: dict[str, Any] = {"name": "unknown", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("says", "code", "line"),
    [
        ([GOOD, UNKNOWN], 0, "audit: 1 of 2 locked packages are in the database, 0 known holes"),
        ([GOOD, BAD], 1, "audit: bad 2: CVE-1, mended in ['3']"),
        ([UNKNOWN], 0, "audit: not audited: none of 1 packages is in the database"),
        (None, 0, "audit: not audited: no network"),
    ],
    ids=["nothing", "a hole", "unknown", "no network"],
)
def test_what_pip_audit_says_is_told(says: list[dict[str, Any]] | None, code: int, line: str, tmp_path: Path) -> None:
    """In place of pip-audit stands a program that says what it would say."""
    said = "" if says is None else json.dumps({"dependencies": says})
    (tmp_path / "pip_audit.py").write_text(
        f"import sys\nassert '--require-hashes' in sys.argv\nprint({said!r})\nprint('no network', file=sys.stderr)\n"
        if says is not None
        else "import sys\nsys.exit('no network')\n"
    )
    done = subprocess.run(
        [sys.executable, AUDIT],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert line in done.stdout.splitlines()
