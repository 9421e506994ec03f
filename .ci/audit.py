"""Ask pip-audit whether a vulnerability is known in anything that is locked: .venv/bin/python .ci/audit.py

Exit code 1 says so. Where the database can't be asked, or knows none of the packages (few mirrors of PyPI have it),
this says "not audited" and ends with 0.
"""

from __future__ import annotations

import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "pip_audit", "--requirement", "requirements/play.txt"]
COMMAND += ["--requirement", "requirements/develop.txt", "--disable-pip", "--require-hashes", "--timeout", "10"]
COMMAND += ["--progress-spinner", "off", "--format", "json"]


def main() -> int:
    """Run pip-audit, print what it found, a line each, and return the exit code."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    packages = json.loads(done.stdout)["dependencies"] if done.stdout else []
    known = [package for package in packages if "vulns" in package]
    if not known:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print("audit: not audited:", f"none of {len(packages)} packages is in the database" if packages else reason)  # noqa: T201
        return 0
    holes = [(package, hole) for package in known for hole in package["vulns"]]
    for package, hole in holes:
        print(f"audit: {package['name']} {package['version']}: {hole['id']}, mended in {hole['fix_versions']}")  # noqa: T201
    print(f"audit: {len(known)} of {len(packages)} locked packages are in the database, {len(holes)} known holes")  # noqa: T201
    return int(bool(holes))


if __name__ == "__main__":
    sys.exit(main())
