"""Set up this checkout and start Antiphon. Python 3.11 or newer is all that must be there.

    python3 bootstrap.py run [OPTIONS OF antiphon run]     play
    python3 bootstrap.py test [OPTIONS OF pytest]          run the tests, beside each other (`-n 0`: one by one)

Each makes `.venv` beside this file, installs into it the very versions that `requirements/` locks, and becomes
the program asked for, whose exit code it gives back. The second time it starts at once. On Debian and Ubuntu, as
root, it installs missing system packages (jackd2 for MIDI); otherwise it says which they are. Where a Linux
machine has neither sound hardware nor a MIDI system, `run` starts a JACK server that ends with it; where it can't,
Antiphon plays through its page in the browser alone.

ANTIPHON_WITHOUT_JACK=1 tests without JACK. Exit codes of the set-up itself: 1 it failed, 2 bad usage.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if sys.platform == "win32" else "bin")
PYTHON = str(SCRIPTS / "python")
STAMP = VENV / "antiphon.stamp"
PIP_LOG = VENV / "pip.log"

LOCKS = {"run": "requirements/play.txt", "test": "requirements/develop.txt"}
SUFFICES = {"run": ("run", "test"), "test": ("test",)}
"""Command → the set-ups that serve it: who can test can play too."""
WORKERS = 6
"""Processes that test beside each other: more than there are cores, because mostly they wait for music; no more,
because each needs a JACK server or two, and JACK bears only eight on a machine."""
OLDEST = (3, 11)
WITH_WHEELS = ((3, 12), (3, 11))
"""Pythons for which everything comes ready-made; above them python-rtmidi is built from source."""

# --sync: without it a busy machine loses notes. --timeout: a client that was killed then holds the others up for a
# second, not five. PIPE: the signal would end jackd when a client dies at the wrong moment. cat: it lives until its
# standard input ends, so it never outlives whoever started it, however that one went.
JACKD = "trap '' PIPE; jackd $1 --sync --timeout 100 -d dummy -r 48000 -p $2 & cat; kill $!; wait $!"
# close(): a client that is not closed holds up the server's end for seconds.
JACK_PROBE = "from antiphon.midi.backends import load_backend; load_backend().input('jack', 'Antiphon looks').close()"


class SetUpError(Exception):
    """The set-up can't go on; the message says why and what to do, in one line."""


def main(arguments: list[str]) -> int:
    """Set up, then become the program asked for; an exit code comes back only where that isn't possible."""
    command, options = (arguments or [""])[0], arguments[1:]
    if command in ("--help", "-h"):
        sys.stdout.write(__doc__ or "")
        return 0
    if command not in LOCKS:
        say(f"{command!r} is no command; give run or test, or --help for an explanation")
        return 2
    try:
        set_up(command)
        if command == "test":
            prepare_tests()
            os.chdir(ROOT)
            return become([PYTHON, "-m", "pytest", "--numprocesses", str(WORKERS), *options])
        if "--help" not in options:
            offer_midi()
        return become([str(SCRIPTS / "antiphon"), "run", *options])
    except SetUpError as error:
        say(str(error))
    except OSError as error:
        say(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
    return 1


def say(line: str) -> None:
    """Tell the user what is done or wrong. Standard output belongs to the program that is started."""
    sys.stderr.write(f"bootstrap: {line}\n")
    sys.stderr.flush()


def become(program: list[str]) -> int:
    """Turn into another program, so that signals and the exit code are its own."""
    sys.stdout.flush()
    if sys.platform != "win32":
        os.execv(program[0], program)  # noqa: S606
    process = subprocess.Popen(program)  # Windows has no exec
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # Ctrl-C reached the program as well; how to end is its decision
            continue


def attempt(*command: str, environment: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Run a program. Returns whether it ended well, and all it said; one that isn't there didn't end well."""
    pipe, merged, none = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=none, stdout=pipe, stderr=merged, env=environment, check=False)
    except OSError as error:
        return False, str(error)
    return done.returncode == 0, done.stdout.decode(errors="replace")


def reason(output: str) -> str:
    """Return the line of a failed program's output that says most: the last that speaks of an error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower() or line.startswith("E:")]
    return (errors or lines or ["it gave no reason"])[-1]


# Python and its packages


def set_up(command: str) -> None:
    """Bring `.venv` to what a command needs; where that was done before, nothing is."""
    if is_current(command):
        return
    if not attempt(PYTHON, "-m", "pip", "--version")[0]:
        make_venv(python_for(command))
    STAMP.unlink(missing_ok=True)
    say(f"installing {LOCKS[command]} into .venv, once; this takes a minute or a few")
    pip("--require-hashes", "--requirement", str(ROOT / LOCKS[command]), what=LOCKS[command])
    # Editable: what is edited in the checkout is what runs.
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT), what="Antiphon itself")
    STAMP.write_text(digest(command))


def is_current(command: str) -> bool:
    """Tell whether `.venv` holds what a command needs."""
    stamp = STAMP.read_text() if STAMP.is_file() and shutil.which(PYTHON) else ""
    return stamp in [digest(served) for served in SUFFICES[command]]


def digest(command: str) -> str:
    """Return what changes whenever the set-up for a command must be done anew."""
    content = hashlib.sha256(str(ROOT).encode())  # the editable install points here
    for file in (LOCKS[command], "pyproject.toml"):
        content.update((ROOT / file).read_bytes())
    return f"{command} {content.hexdigest()}"


def pip(*options: str, what: str) -> None:
    """Run `pip install`. All it says is kept in a file; of a failure, one line is told."""
    ended_well, output = attempt(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options)
    PIP_LOG.write_text(output, encoding="utf-8")
    if not ended_well:
        raise SetUpError(f"pip could not install {what}: {reason(output)} (all it said is in {PIP_LOG})")


def make_venv(python: str) -> None:
    """Make `.venv`, or make it anew where it is broken."""
    if not attempt(python, "-c", "import ensurepip")[0]:  # Debian keeps it in a package of its own
        _, version = attempt(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        apt_install([f"python{version.strip()}-venv"], f"{python} can't make a virtual environment")
    ended_well, output = attempt(python, "-m", "venv", "--clear", str(VENV))
    if not ended_well:
        raise SetUpError(f"{python} could not make {VENV}: {reason(output)}")


def python_for(command: str) -> str:
    """Return the interpreter to make `.venv` with: this one, or a better one on the PATH."""
    version = sys.version_info[:2]
    if version in WITH_WHEELS:
        return sys.executable
    for other in find_pythons(WITH_WHEELS):
        say(f"using {other}: {shortcoming(version)}")
        return other
    if version < OLDEST:
        raise SetUpError(f"{shortcoming(version)}; install Python 3.12, then: python3.12 bootstrap.py {command}")
    say(f"{shortcoming(version)}, so it is built here; Python 3.12 would need no building")
    missing = missing_build_packages(version) if sys.platform == "linux" else []
    if missing:
        apt_install(missing, f"{shortcoming(version)}, nor can it be built here")
    return sys.executable


def shortcoming(version: tuple[int, ...]) -> str:
    """Return what is wrong with a Python outside `WITH_WHEELS`."""
    wrong = "is too old" if version < OLDEST else "has no ready-made python-rtmidi"
    return f"Python {dotted(version)} {wrong}"


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


def find_pythons(versions: Iterable[tuple[int, ...]]) -> Iterator[str]:
    """Yield the interpreters of these versions on the PATH, in this order; a version manager's dead stub is none."""
    for version in versions:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            found = shutil.which(f"python{dotted(version)}", path=folder) if folder else None
            if found and attempt(found, "-c", f"import sys; sys.exit(sys.version_info[:2] != {version})")[0]:
                yield found


def missing_build_packages(version: tuple[int, ...]) -> list[str]:
    """Return the Debian packages that building python-rtmidi lacks; without JACK's it would come out without JACK."""
    is_there = {
        "build-essential": shutil.which("c++") is not None,
        "pkg-config": shutil.which("pkg-config") is not None,
        "libasound2-dev": attempt("pkg-config", "--exists", "alsa")[0],
        "libjack-jackd2-dev": attempt("pkg-config", "--exists", "jack")[0],
        f"python{dotted(version)}-dev": Path(sysconfig.get_path("include"), "Python.h").is_file(),
    }
    return [package for package, there in is_there.items() if not there]


# The system: apt, JACK


def can_apt() -> bool:
    """Tell whether system packages can be installed without asking anybody."""
    return sys.platform != "win32" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_line(packages: Iterable[str]) -> str:
    """Return the command that installs Debian packages."""
    return f"sudo apt-get install -y {' '.join(packages)}"


def apt_install(packages: list[str], why: str) -> None:
    """Install Debian packages, or say how; without them the set-up can't go on."""
    if not can_apt():
        raise SetUpError(f"{why}; run: {apt_line(packages)} (not on Debian or Ubuntu: what matches these)")
    say(f"installing {', '.join(packages)} with apt-get")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for options in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        ended_well, output = attempt("apt-get", "-qq", *options, environment=quiet)
        if not ended_well:
            raise SetUpError(f"{why}, and apt-get {options[0]} failed: {reason(output)}")


def prepare_tests() -> None:
    """See to it that the tests find JACK; they start it themselves."""
    if sys.platform != "linux" or os.environ.get("ANTIPHON_WITHOUT_JACK") == "1":
        return
    # Debian 12 has jack_connect in jackd2, later ones in a package of its own.
    for program, package in (("jackd", "jackd2"), ("jack_connect", "jack-example-tools")):
        if shutil.which(program) is None:
            if not can_apt():
                say(f"{program} is missing, so tests will fail; run: {apt_line([package])}")
                return
            apt_install([package], f"the tests need {program}")


def offer_midi() -> None:
    """See to it that there is a MIDI system, where that can be; without one Antiphon plays through its page."""
    try:
        prepare_midi()
    except SetUpError as error:
        say(f"going on without MIDI: {error}")


def prepare_midi() -> None:
    """See to it that a Linux machine has a MIDI system, as far as that goes without asking."""
    if sys.platform != "linux" or Path("/dev/snd/seq").exists() or jack_answers():
        return
    if any(Path("/dev/snd").glob("controlC*")):
        say("no MIDI system runs; start JACK, or load ALSA's with: sudo modprobe snd-seq")
        return
    if shutil.which("jackd") is None:
        if not can_apt():
            say(f"no MIDI system is here; install JACK with: {apt_line(['jackd2'])}")
            return
        apt_install(["jackd2"], "no MIDI system is here")
    _, lifeline = start_jackd()
    if not jack_answers(seconds=10):
        raise SetUpError("jackd does not start; to see why, run: jackd -d dummy")
    os.set_inheritable(lifeline, True)  # `antiphon run` holds it from here on
    say("no sound hardware is here: started a JACK server without any; it ends with antiphon")


def start_jackd(
    environment: Mapping[str, str] | None = None,
    output: int = subprocess.DEVNULL,
    period: int = 64,
    realtime: bool = False,
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a JACK server that needs no sound hardware. Returns it and its lifeline: closing that pipe ends it.

    `period` is in frames; `realtime` lets it come before everything else, where this user may do that.
    """
    its_end, lifeline = os.pipe()
    server = subprocess.Popen(
        ["sh", "-c", JACKD, "sh", "--realtime" if realtime else "--no-realtime", str(period)],
        stdin=its_end,
        stdout=output,
        stderr=output,
        env=environment,
        start_new_session=True,  # Ctrl-C is for antiphon, which still has notes to end through this server
    )
    os.close(its_end)
    return server, lifeline


def jack_answers(environment: Mapping[str, str] | None = None, seconds: float = 0, python: str = PYTHON) -> bool:
    """Tell whether a JACK server runs, giving one that starts some time. Asked the way that Antiphon will ask."""
    deadline = time.monotonic() + seconds
    while True:
        answers, _ = attempt(python, "-c", JACK_PROBE, environment=environment)
        if answers or time.monotonic() > deadline:
            return answers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
