"""Looks whether a hole is known in anything that is locked in `requirements/`: python3 .ci/audit.py

Exit code 1 says so. A machine that can't ask PyPI's database of holes says "not audited" and goes on. pip-audit gets an
environment of its own, for it is no part of what is locked, and only where there is somebody to ask.

`--database URL` asks another one than https://pypi.org (a mirror rarely has it: whether it does is asked first).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements/play.txt", "requirements/develop.txt")
TOOL = "pip-audit==2.10.1"
KNOWN = "pypi/urllib3/1.26.4/json"
"""A release with holes that have been known for years: who knows none there, knows none anywhere."""
SECONDS_TO_ANSWER = 10.0
SECONDS_TO_AUDIT = 240.0


class NotAudited(Exception):
    """It can't be asked; the message says why."""


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="https://pypi.org")
    try:
        probe(parser.parse_args().database)
        found, looked_at, unknown = audit()
    except NotAudited as why:
        say(f"not audited: {why}")
        return 0
    for hole in found:
        say(hole)
    say(f"{looked_at} locked packages, {len(found)} known holes; {unknown} packages are not in the database")
    return int(bool(found))


def probe(database: str) -> None:
    """Ask for a hole that is known.

    Raises:
        NotAudited: nobody answers in time, or it isn't known there.
    """
    try:
        with urllib.request.urlopen(f"{database}/{KNOWN}", timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310
            holes = json.load(answer)["vulnerabilities"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotAudited(f"{database} doesn't tell of holes ({type(error).__name__}: {error})") from None
    if not holes:
        raise NotAudited(f"{database} knows no hole where there are some")


def audit() -> tuple[list[str], int, int]:
    """Return the holes, in words, how many packages were looked at, and how many nobody knows.

    Raises:
        NotAudited: pip-audit can't be had, or can't do its work.
    """
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        folder = Path(place, "Scripts" if sys.platform == "win32" else "bin")
        run([str(folder / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TOOL])
        asked = [option for lock in LOCKS for option in ("--requirement", str(ROOT / lock))]
        plainly = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
        said = run([str(folder / "pip-audit"), *asked, *plainly])
    try:
        packages: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError) as error:
        raise NotAudited(f"pip-audit said nothing to be understood ({error})") from None
    known = [package for package in packages if "vulns" in package and "skip_reason" not in package]
    if not known:
        raise NotAudited(f"none of the {len(packages)} packages is in the database")
    return [hole for package in known for hole in in_words(package)], len(known), len(packages) - len(known)


def in_words(package: dict[str, Any]) -> list[str]:
    """Return a package's holes, a line each."""
    return [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for hole in package["vulns"]
    ]


def run(command: list[str]) -> str:
    """Run a program and return what it wrote; pip-audit's exit code 1 may mean that it found something."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_AUDIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAudited(str(error)) from None
    if done.returncode and not done.stdout:
        raise NotAudited((done.stderr.strip().splitlines() or [f"{command[0]} failed"])[-1])
    return done.stdout


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"audit: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
