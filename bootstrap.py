"""Set up this checkout and start Antiphon. Python 3.11 to 3.14 is all that must be there; nothing is compiled.

    python3 bootstrap.py run [OPTIONS OF antiphon run]     play
    python3 bootstrap.py test [OPTIONS OF pytest]          run the tests, beside each other (`-n 0`: one by one)

On Windows, `py` in place of `python3`. Each makes `.venv` beside this file, installs into it the very versions that
`requirements/` locks, and becomes the program asked for, whose exit code it gives back. The second time it starts at
once. On Debian and Ubuntu, as root, it installs missing system packages (jackd2 for MIDI); otherwise it says which
they are. Where a Linux machine has neither sound hardware nor a MIDI system, `run` starts a JACK server that ends with
it; where it can't, Antiphon plays through its page in the browser alone.

ANTIPHON_WITHOUT_JACK=1 tests without JACK. Exit codes of the set-up itself: 1 it failed, 2 bad usage.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
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
PYTHONS = ((3, 13), (3, 12), (3, 11), (3, 14))
"""Those that Antiphon runs on, the best first: for older ones it isn't written, for newer ones LiteRT has no wheels."""
TRAINING_PYTHONS = PYTHONS[:3]
"""Those for which TensorFlow, with which networks are trained, has wheels."""
BUILDS = {"linux": ("x86_64", "aarch64"), "macosx": ("arm64",), "win": ("amd64",)}
"""Where LiteRT, which runs the network, has wheels: system → processors, as `sysconfig.get_platform` names them."""

# --sync: without it a busy machine loses notes. --timeout: a client that was killed then holds the others up for a
# second, not five. PIPE: the signal would end jackd when a client dies at the wrong moment. cat: it lives until its
# standard input ends, so it never outlives whoever started it, however that one went.
JACKD = "trap '' PIPE; jackd $1 --sync --timeout 100 -d dummy -r 48000 -p $2 & cat; kill $!; wait $!"
# close(): a client that is not closed holds up the server's end for seconds.
JACK_PROBE = """
from antiphon.midi.backends import load_backend
from antiphon.midi.libjack import looker
load_backend().input("jack", looker()).close()
"""


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


def attempt(
    *command: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> tuple[bool, str]:
    """Run a program. Returns whether it ended well, and all it said; one that isn't there didn't end well."""
    pipe, merged, none = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=none, stdout=pipe, stderr=merged, env=environment, cwd=folder, check=False)
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
        check_builds()
        make_venv(python_for(command), command)
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


def check_builds() -> None:
    """Say where Antiphon can't run before pip says it in its own way.

    Raises:
        SetUpError: LiteRT has no wheels for this machine.
    """
    system, _, processor = sysconfig.get_platform().partition("-")
    if system == "macosx":  # its Python may be built for both processors
        processor = platform.machine()
    with_glibc = system != "linux" or platform.libc_ver()[0] == "glibc"
    if processor not in BUILDS.get(system, ()) or not with_glibc:
        here = f"{system}-{processor}{'' if with_glibc else ' without glibc'}"
        raise SetUpError(
            f"Antiphon can't run on this machine ({here}): LiteRT, which runs the network, is to be had for Linux with "
            "glibc (x86_64, aarch64), macOS on Apple silicon (with a Python that isn't Intel's) and Windows on x64 only"
        )


def make_venv(python: str, command: str) -> None:
    """Make `.venv`, or make it anew where it is broken."""
    if attempt(python, "-c", "import ensurepip")[0]:
        ended_well, output = attempt(python, "-m", "venv", "--clear", str(VENV))
    else:  # Debian keeps it in a package of its own, as it does the pip that it would install
        packages = [f"{Path(python).resolve().name}-venv", *missing_for_midi(command)]
        lacks = f"{python} can't make a virtual environment"
        if can_apt():
            apt_install(packages, lacks)
            ended_well, output = attempt(python, "-m", "venv", "--clear", str(VENV))
        elif not make_venv_with_downloaded_pip(python):
            raise SetUpError(f"{lacks}; run: {apt_line(packages)} (not on Debian or Ubuntu: what matches these)")
        else:
            return
    if not ended_well:
        raise SetUpError(f"{python} could not make {VENV}: {reason(output)}")


def make_venv_with_downloaded_pip(python: str) -> bool:
    """Make `.venv` with the pip of Debian's own package, which apt fetches and checks for any user; return whether."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        attempt("apt-get", "download", "python3-pip-whl", folder=folder)
        for package in folder.glob("*.deb"):
            attempt("dpkg-deb", "--extract", str(package), name)
        for wheel in folder.glob("usr/share/python-wheels/pip-*.whl"):
            return (
                attempt(python, "-m", "venv", "--clear", "--without-pip", str(VENV))[0]
                and attempt(PYTHON, f"{wheel}/pip", "install", "--no-index", str(wheel))[0]
            )
    return False


def python_for(command: str) -> str:
    """Return the interpreter to make `.venv` with: this one, or a better one on this machine."""
    version = sys.version_info[:2]
    good = TRAINING_PYTHONS if command == "test" else PYTHONS
    if version in good:
        return sys.executable
    for other in find_pythons(good):
        say(f"using {other}: {shortcoming(version)}")
        return other
    if version not in PYTHONS:
        best = launcher(PYTHONS[0])
        raise SetUpError(
            f"{shortcoming(version)}; install Python {dotted(PYTHONS[0])}, then: {best} bootstrap.py {command}"
        )
    say(f"{shortcoming(version)}; going on without it, and without its tests")
    return sys.executable


def shortcoming(version: tuple[int, ...]) -> str:
    """Return what is wrong with a Python."""
    if version in PYTHONS:
        return f"TensorFlow, which trains networks, has no wheels for Python {dotted(version)}"
    wrong = (
        "is too old" if version < min(PYTHONS) else "is too new: LiteRT, which runs the network, has no wheels for it"
    )
    return f"Python {dotted(version)} {wrong}"


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


def launcher(version: tuple[int, ...]) -> str:
    """Return what starts a Python of this version: on Windows none has its version in its name."""
    return f"py -{dotted(version)}" if sys.platform == "win32" else f"python{dotted(version)}"


def find_pythons(versions: Iterable[tuple[int, ...]]) -> Iterator[str]:
    """Yield this machine's interpreters of these versions, in this order; a version manager's dead stub is none."""
    for version in versions:
        if sys.platform == "win32":
            found, path = attempt(*launcher(version).split(), "-c", "import sys; print(sys.executable)")
            yield from [path.strip()] if found else []
            continue
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            program = shutil.which(launcher(version), path=folder) if folder else None
            if program and attempt(program, "-c", f"import sys; sys.exit(sys.version_info[:2] != {version})")[0]:
                yield program


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
    if os.environ.get("ANTIPHON_WITHOUT_JACK") == "1":
        return
    for _ in range(2):  # what jackd2 brought along is known only then
        missing = missing_for_midi("test")
        if missing and not can_apt():
            say(f"JACK is missing, so tests will fail; run: {apt_line(missing)} (or test with ANTIPHON_WITHOUT_JACK=1)")
            return
        if missing:
            apt_install(missing, "the tests need JACK")


def missing_for_midi(command: str) -> list[str]:
    """Return the Debian packages that this Linux machine lacks for a MIDI system of its own, or to test on one."""
    if sys.platform != "linux":
        return []
    has_jackd = shutil.which("jackd") is not None
    if command == "run":
        if pipewire_runs():
            return [] if shutil.which("pw-jack") else ["pipewire-jack"]
        has_sound = any(Path("/dev/snd").glob("*"))  # ALSA carries MIDI then
        return [] if has_jackd or has_sound else ["jackd2"]
    missing = [] if has_jackd else ["jackd2"]
    # Debian 12 has jack_connect in jackd2, later ones in a package of its own.
    apart = "jack-example-tools"
    if shutil.which("jack_connect") is None and (has_jackd or attempt("apt-cache", "show", apart)[0]):
        missing.append(apart)
    return missing


def pipewire_runs() -> bool:
    """Tell whether this user has a PipeWire server, which carries JACK's MIDI itself; its socket may outlive it."""
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(Path(folder, os.environ.get("PIPEWIRE_REMOTE") or "pipewire-0")))
        except OSError:
            return False
    return True


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
    missing = missing_for_midi("run")
    if missing and not can_apt():
        say(f"no MIDI system is here, so Antiphon plays through its page; to have one, run: {apt_line(missing)}")
        return
    if missing:
        apt_install(missing, "no MIDI system is here")
    if pipewire_runs():  # a server beside it would hear nobody
        return
    if any(Path("/dev/snd").glob("controlC*")):
        say("no MIDI system runs; start JACK, or load ALSA's with: sudo modprobe snd-seq")
        return
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
