"""Other Debian machines to try Antiphon on: a root that is built once, and copies of it that are thrown away.

`debian_root` has debootstrap build a root and keeps it in the user's cache (`$XDG_CACHE_HOME/antiphon/roots`).
`machine` boots nothing: it lays a copy-on-write copy over such a root, with processes, shared memory, /dev and /tmp of
its own, and runs programs in it. The network and the kernel are this machine's. When it ends, all its processes have
ended.

By hand, as root, a shell in the machine, or a command:

    python3 -m tests.platforms.machine trixie python3,ca-certificates [--user root] [COMMAND …]
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
PLAYER = "player"
"""An ordinary user: no password, no sudo, in no group but their own."""
PLAYER_ID = 1000
PYTHON_ALONE = ("python3", "ca-certificates")
"""The packages of a machine that has nothing but Python (which recommends the certificates)."""
KEEP_DAYS = 7.0
"""How long a root is used: the packages that its apt knows are gone from the archive some day."""

FROM_HERE = (
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "PIP_INDEX_URL",
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
)
"""Variables without which this network's registries might not be reached; they are the same in a machine."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# $1: the root below, $2: a folder for what is written. The shell is the machine's first process: it takes in orphans,
# and when it ends (with its standard input) the kernel ends all others and takes the mounts away.
FIRST_PROCESS = f"""
set -e
mount --make-rprivate /
root=$2/root
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/run/user/{PLAYER_ID}" "$root/etc/ssl/certs"
chmod 700 "$root/run/user/{PLAYER_ID}"
chown {PLAYER_ID}:{PLAYER_ID} "$root/run/user/{PLAYER_ID}"
for file in /etc/resolv.conf {CERTIFICATES}; do
    [ -e "$file" ] || continue
    [ -e "$root$file" ] || : >"$root$file"
    mount --bind "$file" "$root$file"
done
hostname antiphon-test
echo ready
exec 3<&0
cat <&3 >/dev/null &
wait $!
"""


class CantBuild(Exception):
    """This machine can't build or run another one; the message says why and what to do, in one line."""


@dataclass(frozen=True)
class Machine:
    """A running machine.

    Attributes:
        first: its first process, as this machine numbers it.
        root: its file system, as seen from within its mount namespace alone.
    """

    first: int
    root: Path

    def command(self, *command: str, user: str = PLAYER, cwd: str | None = None, **environment: str) -> list[str]:
        """Return the command that runs a program in this machine, with nothing of this process's environment."""
        home = "/root" if user == "root" else f"/home/{user}"
        number = "0" if user == "root" else str(PLAYER_ID)
        variables = {"HOME": home, "USER": user, "LANG": "C.UTF-8", "TERM": "dumb"}
        variables["PATH"] = "/usr/local/bin:/usr/bin:/bin" + (
            ":/usr/local/sbin:/usr/sbin:/sbin" if user == "root" else ""
        )
        if user != "root":
            variables["XDG_RUNTIME_DIR"] = f"/run/user/{PLAYER_ID}"
        variables |= {name: os.environ[name] for name in FROM_HERE if name in os.environ} | environment
        return [
            *("nsenter", f"--target={self.first}", "--mount", "--pid", "--ipc", "--uts"),
            *("chroot", str(self.root), "setpriv", f"--reuid={number}", f"--regid={number}", "--init-groups"),
            *("env", "--ignore-environment", f"--chdir={cwd or home}"),
            *(f"{name}={value}" for name, value in variables.items()),
            *command,
        ]

    def run(
        self, *command: str, user: str = PLAYER, cwd: str | None = None, timeout: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            self.command(*command, user=user, cwd=cwd, **environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *command: str, user: str = PLAYER, cwd: str | None = None, **options: Any) -> subprocess.Popen[str]:
        """Start a program; options are those of Popen. To end it, `send` it a signal: Popen's reach nsenter only."""
        return subprocess.Popen(
            self.command(*command, user=user, cwd=cwd), text=True, start_new_session=True, **options
        )

    def send(self, started: subprocess.Popen[str], number: signal.Signals) -> None:
        """Send a signal to a program that `start` started, if it still runs."""
        if started.poll() is not None:
            return
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), number)

    def copy_checkout(self, target: str = f"/home/{PLAYER}/antiphon") -> str:
        """Copy this checkout as a clone would have it (with what isn't committed yet); return where it is."""
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=CHECKOUT, capture_output=True, check=True,
        ).stdout  # fmt: skip
        there = b"\0".join(name for name in files.split(b"\0") if name and (CHECKOUT / os.fsdecode(name)).exists())
        packed = subprocess.run(
            ["tar", "--create", "--null", "--files-from=-"], cwd=CHECKOUT, input=there, capture_output=True, check=True
        ).stdout
        self.run("mkdir", "-p", target)
        subprocess.run(self.command("tar", "--extract", cwd=target), input=packed, check=True)
        return target


@contextlib.contextmanager
def machine(suite: str, packages: Sequence[str]) -> Iterator[Machine]:
    """Run a machine: a Debian of this suite with these packages and what they depend on, and the user `PLAYER`.

    Raises:
        CantBuild: it can't be had here.
    """
    with running(debian_root(suite, packages)) as started:
        yield started


@contextlib.contextmanager
def running(root: Path) -> Iterator[Machine]:
    """Run a copy of a root."""
    with tempfile.TemporaryDirectory(prefix="antiphon-machine-") as folder:
        for name in ("root", "upper", "work"):
            Path(folder, name).mkdir()
        unshare = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        first = subprocess.Popen(
            [*unshare, "sh", "-c", FIRST_PROCESS, "sh", str(root), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for whoever uses the machine
        )
        assert first.stdin and first.stdout and first.stderr
        try:
            if first.stdout.readline() != "ready\n":
                raise CantBuild(f"a machine can't be started here: {first.stderr.read().strip()}")
            (child,) = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
            yield Machine(int(child), Path(folder, "root"))
        finally:
            first.stdin.close()
            first.wait()


def debian_root(suite: str, packages: Sequence[str]) -> Path:
    """Return a Debian root with these packages, building it where there is none that is fresh.

    Raises:
        CantBuild: not on Linux, not root, no debootstrap, or no network.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise CantBuild("other machines are built and run on Linux by root only")
    if shutil.which("debootstrap") is None:
        raise CantBuild("debootstrap is missing; run: sudo apt-get install -y debootstrap")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "antiphon", "roots")
    cache.mkdir(parents=True, exist_ok=True)
    bare = cache / suite
    full = cache / f"{suite}-{hashlib.sha256(' '.join(sorted(packages)).encode()).hexdigest()[:12]}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # others wait for this very root, or for their own
        if not is_fresh(bare):
            with replacing(bare) as partial:
                do("debootstrap", "--variant=minbase", suite, str(partial))
        if not is_fresh(full):
            with replacing(full) as partial:
                partial.rmdir()
                do("cp", "--archive", str(bare), str(partial))
                furnish(partial, packages)
    return full


def is_fresh(root: Path) -> bool:
    """Return whether a root is there and its packages are those of this week."""
    return root.is_dir() and time.time() - root.stat().st_ctime < KEEP_DAYS * 86400


@contextlib.contextmanager
def replacing(root: Path) -> Iterator[Path]:
    """Yield a new folder, which takes this one's place once it is complete."""
    partial = root.with_name(root.name + ".partial")
    for former in (partial, root):
        if former.exists():
            do("rm", "--recursive", "--one-file-system", str(former))
    partial.mkdir()
    yield partial
    partial.rename(root)


def furnish(root: Path, packages: Sequence[str]) -> None:
    """Install packages into a root, with an apt that knows all there are, and add the player."""
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")  # packages start no services here
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    alone = ("unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc", "chroot", str(root))
    apt = (*alone, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq")
    do(*apt, "update")
    do(*apt, "install", "--no-install-recommends", "--yes", *packages)
    do(*apt, "clean")
    do(*alone, "useradd", "--create-home", f"--uid={PLAYER_ID}", "--shell=/bin/sh", PLAYER)


def do(*command: str) -> None:
    """Run a program that must succeed.

    Raises:
        CantBuild: it failed.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it gave no reason").splitlines()[-1]
        raise CantBuild(f"{command[0]} failed (is there a network?): {said}; it was: {' '.join(command)}")


def main() -> int:
    """Run a command, or a shell, in a new machine; return its exit code."""
    suite, packages, *rest = sys.argv[1:]
    user = PLAYER
    if rest[:1] == ["--user"]:
        user, rest = rest[1], rest[2:]
    with machine(suite, packages.split(",")) as new:
        return subprocess.run(new.command(*(rest or ["sh"]), user=user), check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CantBuild as error:
        sys.exit(f"machine: {error}")
