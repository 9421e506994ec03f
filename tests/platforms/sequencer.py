"""ALSA's sequencer in a virtual machine, since it is a part of the kernel; by hand, as root:

    apt-get install debootstrap qemu-system-x86
    python3 -m tests.platforms.sequencer

Debian 13 with its kernel, an ordinary user and this checkout is packed into one archive, which a virtual machine
without a disk unpacks into its memory and runs; `sequencer.sh` is its first process and says what it does. It takes
about five minutes, because the processor is emulated: Nehalem is the first with SSE 4.2, which LiteRT wants. So
how long things take in it says nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.platforms.machine import CantBuild, Machine, machine

PACKAGES = ("python3", "python3-venv", "ca-certificates", "alsa-utils", "kmod", "cpio", "iproute2", "bash")
LIMIT_SECONDS = 1200.0
MEMORY = "3G"
"""The archive's content, twice while it is unpacked, and room to play."""

# The kernel and, of its modules, those for sound: 110 MB are left away.
TAKE_KERNEL = """
set -e
cd /tmp
package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \\(linux-image-[0-9][^ ]*\\).*/\\1/p' | head -n 1)
apt-get -qq download "$package"
dpkg-deb --extract linux-image-*.deb kernel
version=$(basename kernel/usr/lib/modules/*)
mkdir -p "/usr/lib/modules/$version/kernel"
cp -r "kernel/usr/lib/modules/$version/kernel/sound" "/usr/lib/modules/$version/kernel/"
cp "kernel/usr/lib/modules/$version"/modules.* "/usr/lib/modules/$version/"
depmod "$version"
mv kernel/boot/vmlinuz-* /boot/vmlinuz
rm -r kernel ./*.deb
"""
PACK = """
cd /
rm -rf var/cache/apt var/lib/apt/lists usr/share/doc usr/share/locale
cp home/player/antiphon/tests/platforms/sequencer.sh init
chmod 755 init
find . -xdev -not -path './proc/*' -not -path './dev/*' | cpio --quiet --create --format=newc
"""


def pack(source: Machine, folder: Path) -> None:
    """Write the kernel and the archive with everything else into a folder.

    Raises:
        CantBuild: a step failed.
    """
    done = source.run("python3", "bootstrap.py", "run", "--help", cwd=source.copy_checkout())
    if done.returncode == 0:
        done = source.run("sh", "-c", TAKE_KERNEL, user="root")
    if done.returncode:
        raise CantBuild(f"the virtual machine's content can't be made: {(done.stderr or done.stdout).strip()}")
    for name, script in (("vmlinuz", "cat /boot/vmlinuz"), ("content", PACK)):
        with (folder / name).open("wb") as file:
            subprocess.run(source.command("sh", "-c", script, user="root"), stdout=file, check=True)


def boot(folder: Path) -> int:
    """Run the virtual machine; what it says goes to standard output. Return qemu's exit code."""
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2", "-m", MEMORY]
    command += ["-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "content")]
    command += ["-append", "console=ttyS0 quiet panic=-1 rdinit=/init"]
    command += ["-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nic", "none"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=LIMIT_SECONDS, check=False).returncode


def main() -> int:
    """Build the machine, run it, and return qemu's exit code."""
    if shutil.which("qemu-system-x86_64") is None:
        raise CantBuild("qemu is missing; run: sudo apt-get install -y qemu-system-x86")
    with tempfile.TemporaryDirectory(prefix="antiphon-vm-") as folder:
        with machine("trixie", PACKAGES) as source:
            pack(source, Path(folder))
        return boot(Path(folder))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CantBuild as error:
        sys.exit(f"sequencer: {error}")
