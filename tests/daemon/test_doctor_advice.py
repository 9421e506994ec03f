"""The doctor's thresholds, and its advice: each true on the machine where it is given."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.midi import machine as machines
from antiphon.midi.machine import Machine, to_get_midi
from antiphon.setup.doctor.findings import Finding, lines, verdict
from antiphon.setup.doctor.limits import Grant, Limits, granted, granted_elsewhere, limit_findings
from antiphon.setup.doctor.midi import judge, midi_findings
from antiphon.setup.doctor.model import judge_speed
from antiphon.setup.doctor.probe import Probe
from antiphon.setup.doctor.servers import Server, server_name

DEBIAN = Machine(system="linux", user="anna", has_sudo=True, installer="apt-get")
FEDORA = replace(DEBIAN, installer="dnf")
ROOT = replace(DEBIAN, user="root", is_root=True)
WITH_CARD = replace(DEBIAN, has_sound_card=True, has_sequencer_module=True)


# The model


@pytest.mark.parametrize(
    ("step_us", "state"),
    [(18, "good"), (299, "good"), (301, "could be better"), (3999, "could be better"), (4001, "must be fixed")],
)
def test_a_step_of_the_model_is_judged_by_what_is_felt(step_us: float, state: str) -> None:
    assert judge_speed(step_us).state == state


def test_a_step_of_eighteen_milliseconds_must_be_mended() -> None:
    found = judge_speed(18_000)
    assert found.state == "must be fixed"
    assert "18.0 ms" in found.says and found.fix


# The notes


@pytest.mark.parametrize(
    ("late_ms", "ended", "state", "cause"),
    [
        ([1.0] * 50, 50, "good", ""),
        ([4.9] * 50, 50, "good", ""),
        ([5.1] * 50, 50, "could be better", "late"),
        ([1.0] * 49 + [31.0], 50, "could be better", "late"),
        ([30.0] * 50, 50, "could be better", "late"),
        ([32.0] * 50, 50, "must be fixed", "late"),
        ([1.0] * 49, 50, "must be fixed", "lost"),
        ([1.0] * 50, 49, "must be fixed", "lost"),
        ([], 0, "must be fixed", "nothing"),
    ],
)
def test_notes_are_judged_by_how_many_came_back_and_how_late(
    late_ms: list[float], ended: int, state: str, cause: str
) -> None:
    found = judge(50, late_ms, ended)
    assert (found.state, found.cause) == (state, cause)


def test_it_says_how_many_came_back_and_how_late() -> None:
    said = judge(50, [1.0] * 30 + [4.0] * 18, 47).says
    assert said == "48 of 50 notes came back, 1.0 ms later (p50), 4.0 ms at most"
    assert "only 47 of 50 ended" in judge(50, [1.0] * 50, 47).says


PROVED = Probe(step="done", api="jack", sent=50, late_ms=[1.0] * 50, ended=50, advances=True, is_realtime=True)
JACKD = Server("jackd", 4711, ["jackd", "--sync", "-d", "dummy", "-p", "1024"])
PIPEWIRE = Server("pipewire", 4712, ["/usr/bin/pipewire"], has_systemd=True)


def loop(probe: Probe, server: Server | None = JACKD, machine: Machine = DEBIAN) -> Finding:
    return next(each for each in midi_findings(probe, "well", machine, server) if each.what == "MIDI loop")


def test_a_server_whose_frames_stand_still_hangs() -> None:
    found = loop(changed(PROVED, late_ms=[], ended=0, advances=False))
    assert found.state == "must be fixed"
    assert "jackd hangs" in found.says
    assert "kill -KILL 4711; jackd --sync -d dummy -p 1024" in found.fix
    assert "systemctl --user restart pipewire" in loop(changed(PROVED, late_ms=[], advances=False), PIPEWIRE).fix
    alone = replace(PIPEWIRE, has_systemd=False)
    assert "kill -KILL 4712; /usr/bin/pipewire" in loop(changed(PROVED, late_ms=[], advances=False), alone).fix


def test_a_server_that_carries_notes_doesnt_hang_whatever_its_frames_say() -> None:
    assert loop(changed(PROVED, advances=False)).state == "good"  # PipeWire tells clients without ports nothing


def test_what_an_asynchronous_server_loses_is_mended_with_its_option() -> None:
    server = replace(JACKD, arguments=["jackd", "-d", "dummy"])
    lossy = changed(PROVED, late_ms=[1.0] * 47)
    assert "jackd --sync -d dummy" in loop(lossy, server).fix
    assert "--sync" not in loop(lossy).fix  # it has that already
    assert len([each for each in midi_findings(lossy, "well", DEBIAN, server) if "--sync" in each.fix]) == 1
    assert "JACK server" in [each.what for each in midi_findings(PROVED, "well", DEBIAN, server)]
    assert "JACK server" not in [each.what for each in midi_findings(PROVED, "well", DEBIAN, JACKD)]


def test_a_long_period_is_made_shorter_in_the_way_of_the_server_that_has_it() -> None:
    late = changed(PROVED, late_ms=[32.0] * 50, period_ms=21.3)
    assert "(kill 4711) and start it so: jackd --sync -d dummy -p 64" in loop(late).fix
    through_pipewire = loop(changed(late, is_pipewire=True), PIPEWIRE, replace(DEBIAN, has_pw_metadata=True))
    assert "pw-metadata -n settings 0 clock.force-quantum 64" in through_pipewire.fix
    assert "pw-metadata" not in loop(changed(late, is_pipewire=True), PIPEWIRE).fix  # it isn't installed
    asked = replace(DEBIAN, has_pw_metadata=True, asked_of_pipewire="PIPEWIRE_LATENCY=1024/48000")
    assert "PIPEWIRE_LATENCY=1024/48000" in loop(changed(late, is_pipewire=True), PIPEWIRE, asked).fix
    assert "close other programs" in loop(changed(late, period_ms=1.3)).fix  # the period is no cause


def changed(probe: Probe, **fields: Any) -> Probe:
    return msgspec.structs.replace(probe, **fields)


# What it comes to


def test_nothing_would_stop_a_set_is_said_only_where_it_was_proved() -> None:
    good, untried = Finding("model", "good", "it plays"), Finding("MIDI loop", "not tried", "no port gives back")
    assert verdict([good]) == "Nothing would stop a set."
    assert "Nothing would stop a set." not in verdict([good, untried])
    assert "MIDI loop" in verdict([good, untried])
    assert verdict([untried, Finding("port", "must be fixed", "gone")]) == "Something must be fixed before a set."


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_marks_are_of_the_encoding_that_they_are_written_in(encoding: str) -> None:
    found = [Finding("model", "good", "it plays"), Finding("port", "must be fixed", "gone", "plug it in")]
    written = "\n".join(lines(found, encoding)).encode(encoding)
    assert ("✓".encode() in written) == (encoding == "utf-8")


# Servers


@pytest.mark.parametrize(
    ("command", "is_asynchronous", "name"),
    [
        ("jackd -d dummy", True, ""),
        ("jackd --sync -d dummy", False, ""),
        ("jackd -S -n stage -d alsa -n 3", False, "stage"),
        ("jackd -RS --name=stage -d alsa", False, "stage"),
        ("jackd -nstage -d alsa -S -n 3", True, "stage"),  # -S is the driver's: 16 bits
        ("jackd -d alsa -n 3", True, ""),
        ("jackdbus auto", False, ""),
    ],
)
def test_a_servers_command_line_is_read_up_to_its_driver(command: str, is_asynchronous: bool, name: str) -> None:
    arguments = command.split()
    assert Server(arguments[0], 1, arguments).is_asynchronous is is_asynchronous
    assert server_name(arguments) == name


@pytest.mark.parametrize(
    ("command", "with_64"),
    [
        ("jackd -d dummy", "jackd -d dummy -p 64"),
        ("jackd --sync -d alsa -d hw:0 -p 1024 -n 3", "jackd --sync -d alsa -d hw:0 -n 3 -p 64"),
        ("jackd -p 500 -d alsa -p1024", "jackd -p 500 -d alsa -p 64"),  # jackd's own -p is of ports
        ("jackd -d alsa --period 1024 --playback hw:0", "jackd -d alsa --playback hw:0 -p 64"),
        ("jackd -d alsa --period=1024", "jackd -d alsa -p 64"),
    ],
)
def test_another_period_takes_the_place_of_the_one_there_is(command: str, with_64: str) -> None:
    assert Server("jackd", 1, command.split()).restart_with_period(64).endswith(with_64)


# How to get a MIDI system


@pytest.mark.parametrize("api", ["auto", "alsa"])
def test_who_is_outside_the_group_is_told_to_join_it(api: str) -> None:
    there = replace(WITH_CARD, sequencer="closed", sequencer_group="audio")
    assert to_get_midi(there, api) == "sudo usermod -aG audio anna, then log out and in again"
    assert "log out and in again: you are in the group audio" in to_get_midi(replace(there, is_in_group=True), api)
    assert "usermod" not in to_get_midi(replace(there, is_in_group=True), api)


def test_a_module_is_loaded_only_where_the_kernel_has_it() -> None:
    assert "sudo modprobe snd-seq" in to_get_midi(WITH_CARD, "auto")
    for machine in (replace(WITH_CARD, has_sequencer_module=False), replace(DEBIAN, has_sequencer_module=False)):
        assert "modprobe" not in to_get_midi(machine, "auto") + to_get_midi(machine, "alsa")


def test_advice_is_in_the_words_of_the_distribution() -> None:
    assert "sudo apt-get install jackd2" in to_get_midi(DEBIAN, "jack")
    assert "sudo dnf install jack-audio-connection-kit" in to_get_midi(FEDORA, "jack")
    assert "install" in to_get_midi(replace(DEBIAN, installer=""), "jack")
    everywhere = [
        to_get_midi(replace(machine, installer=""), api) for machine in (DEBIAN, ROOT) for api in ("auto", "jack")
    ]
    assert not any("apt-get" in advice for advice in everywhere)
    for system in ("darwin", "win32"):
        for foreign in ("apt-get", "sudo", "modprobe", "jackd", "pw-jack"):
            assert foreign not in to_get_midi(Machine(system=system), "auto")


def test_root_is_told_no_sudo_and_who_has_none_is_told_as_root() -> None:
    assert "sudo" not in to_get_midi(ROOT, "jack") and "apt-get install jackd2" in to_get_midi(ROOT, "jack")
    without = to_get_midi(replace(DEBIAN, has_sudo=False), "jack")
    assert "sudo" not in without and "as root" in without


def test_what_is_there_is_not_to_be_installed() -> None:
    advice = to_get_midi(replace(DEBIAN, has_jackd=True), "auto")
    assert "install" not in advice and "jackd --sync" in advice


def test_without_sound_hardware_the_checkouts_own_server_is_named() -> None:
    checkout = replace(DEBIAN, bootstrap="/home/anna/antiphon/bootstrap.py", has_jackd=True)
    assert "bootstrap.py run" in to_get_midi(checkout, "auto")
    assert "bootstrap.py" not in to_get_midi(replace(checkout, has_sound_card=True), "auto")
    assert "bootstrap.py" not in to_get_midi(DEBIAN, "auto")
    # It would have to install jackd, which it does for root only.
    assert "sudo apt-get install jackd2" in to_get_midi(replace(checkout, has_jackd=False), "auto")
    assert "bootstrap.py run" in to_get_midi(replace(ROOT, bootstrap=checkout.bootstrap), "auto")


def test_pw_jack_is_named_only_where_it_helps() -> None:
    there = replace(DEBIAN, has_pipewire=True)
    assert "pw-jack antiphon run" in to_get_midi(replace(there, has_pw_jack=True), "auto")
    in_use = to_get_midi(replace(there, has_pw_jack=True, finds_pipewire_jack=True), "auto")
    assert "pw-jack" not in in_use and "start PipeWire again" in in_use and "systemctl" not in in_use
    with_systemd = to_get_midi(replace(there, finds_pipewire_jack=True, has_systemd=True), "auto")
    assert "systemctl --user restart pipewire" in with_systemd
    assert "sudo apt-get install pipewire-jack" in to_get_midi(there, "auto")
    assert "pw-jack" not in to_get_midi(replace(DEBIAN, has_pw_jack=True), "auto")  # PipeWire doesn't run


def as_user(uid: int, groups: list[int], look: Callable[[], object]) -> str:
    """Return what another user sees, as text; in a process that becomes that user."""
    if os.geteuid():
        pytest.skip("needs root, to become another user")
    source, sink = os.pipe()
    if not (child := os.fork()):
        try:
            os.setgroups(groups)
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(sink, repr(look()).encode())
        finally:
            os._exit(0)
    os.close(sink)
    os.waitpid(child, 0)
    with os.fdopen(source) as file:
        return file.read()


def test_the_sequencers_group_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid():
        pytest.skip("needs root, to become another user")
    import grp
    import pwd

    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and "pytest" in str(folder):
            folder.chmod(0o755)
    sequencer = tmp_path / "seq"
    sequencer.touch()
    audio = grp.getgrnam("audio").gr_gid
    os.chown(sequencer, 0, audio)
    sequencer.chmod(0o660)
    monkeypatch.setattr(machines, "SEQUENCER", sequencer)
    nobody = pwd.getpwnam("nobody").pw_uid
    outside = as_user(nobody, [], machines.look)
    assert "sequencer='closed', sequencer_group='audio', is_in_group=False" in outside
    assert "user='nobody', is_root=False" in outside
    assert "sequencer='open'" in as_user(nobody, [audio], machines.look)
    assert "sequencer='open'" in repr(machines.look())


# Limits

POOR = Limits(rtprio=0, memlock_mb=8, groups=["audio", "users"])


def limit(
    limits: Limits, machine: Machine = DEBIAN, is_realtime: bool = False, uses_jackd: bool = True
) -> list[Finding]:
    return list(limit_findings(limits, machine, is_realtime, uses_jackd))


def test_real_time_priority_is_what_was_granted() -> None:
    assert limit(POOR, is_realtime=True)[0].state == "good"
    assert limit(POOR)[0].state == "could be better" and "rtprio is 0" in limit(POOR)[0].says


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems_have_no_limits_to_raise(system: str) -> None:
    assert granted_elsewhere(system, True).state == "good"
    refused = granted_elsewhere(system, False)
    assert refused.state == "could be better" and refused.fix
    assert not any(word in refused.says + refused.fix for word in ("rtprio", "sudo", "limits.d"))


def test_limits_are_had_in_the_way_of_the_machine() -> None:
    fix = limit(POOR)[0].fix
    assert "echo '@audio - rtprio 95' | sudo tee -a /etc/security/limits.d/antiphon.conf" in fix
    assert "sudo usermod -aG audio anna" in fix and "$USER" not in fix
    assert "sudo" not in limit(POOR, replace(DEBIAN, has_sudo=False))[0].fix
    granting = replace(POOR, priority=Grant("rtprio", "95", ["pipewire"]))
    assert limit(granting)[0].fix == "sudo usermod -aG pipewire anna; then log out and in again"
    joined = replace(POOR, priority=Grant("rtprio", "95", ["pipewire"], has_joined=True))
    assert "usermod" not in limit(joined)[0].fix and "log out" in limit(joined)[0].fix
    assert "limits.d/antiphon" not in limit(replace(POOR, has_folder=False))[0].fix


def test_root_of_a_container_is_told_of_the_container() -> None:
    found = limit(POOR, ROOT)[0]
    assert "SYS_NICE" in found.fix and "limits.d" not in found.fix and "rtprio" not in found.says


def test_locked_memory_counts_only_where_jackd_and_swap_are() -> None:
    assert [each.what for each in limit(POOR)] == ["real-time priority", "locked memory"]
    assert len(limit(POOR, uses_jackd=False)) == 1
    assert len(limit(replace(POOR, has_swap=False))) == 1
    assert len(limit(replace(POOR, memlock_mb=float("inf")))) == 1


def test_files_of_limits_are_read_as_pam_does() -> None:
    text = "# @no - rtprio 95\n@wire - rtprio 95\n@low - rtprio 2\n@audio   -  rtprio  95\n@audio - memlock unlimited"
    assert list(granted(text, "rtprio", 4)) == ["wire", "audio"]
    assert list(granted(text, "memlock", 131072)) == ["audio"]
