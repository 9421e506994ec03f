"""The audit of the locked packages says what it found, and that it found nothing out where that is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

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


def test_no_keras_without_the_guards_relied_on_is_installed() -> None:
    """CVE-2026-1669, -0897 and -1462 are fixed in 3.15.1."""
    root = AUDIT.parents[1]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (keras,) = [Requirement(each) for each in extras["trainer"] if each.startswith("keras")]
    assert "3.15.1" in keras.specifier
    assert not keras.specifier.contains("3.15.0")
    locked = re.findall(r"^keras==([\d.]+)", (root / "requirements" / "develop.txt").read_text(), re.MULTILINE)
    assert locked
    assert all(version in keras.specifier for version in locked)
