"""The commands that need no port, run as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mido
import pytest

from antiphon.recording.performance_file import read_performance
from antiphon.settings import package_folder
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_IN_E_FLAT


def antiphon(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return save_tune(tmp_path / "ode.mid", ODE_IN_E_FLAT)


@pytest.mark.parametrize("option", ["--input", "--output"])
def test_two_ports_where_one_counts_are_refused_in_words(tmp_path: Path, option: str) -> None:
    done = antiphon("run", option, "A", option, "B", cwd=tmp_path)
    assert done.returncode == 2
    assert f"{option}: is given 2 times, and one port counts" in done.stderr
    assert done.stderr.count("\n") == 1


def test_render_answers_every_note_in_its_key(tune: Path, tmp_path: Path) -> None:
    done = antiphon("render", tune, "duet.mid", "--seed", "1", "--channel", "3", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    duet = mido.MidiFile(tmp_path / "duet.mid")
    assert [track.name for track in duet.tracks] == ["Tempo", "Tune", "Antiphon"]
    answers = [m for m in duet.tracks[2] if m.type == "note_on"]
    assert len(answers) == len(ODE_IN_E_FLAT)
    assert {m.channel for m in answers} == {2}
    in_e_flat = [m.note % 12 in (0, 2, 3, 5, 7, 8, 10) for m in answers]
    assert sum(in_e_flat) >= 0.9 * len(answers)
    assert all(abs(m.note - pitch) <= 19 for m, (pitch, _) in zip(answers, ODE_IN_E_FLAT, strict=True))


def test_the_same_seed_renders_the_same_file(tune: Path, tmp_path: Path) -> None:
    for name, seed in (("a.mid", "5"), ("b.mid", "5"), ("c.mid", "6")):
        assert antiphon("render", tune, name, "--seed", seed, cwd=tmp_path).returncode == 0
    a, b, c = ((tmp_path / f"{name}.mid").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_the_answer_never_silently_shares_the_performers_channel(tune: Path, tmp_path: Path) -> None:
    done = antiphon("render", tune, "duet.mid", cwd=tmp_path)
    assert "on channel 2" in done.stdout
    assert read_performance(tmp_path / "duet.mid").channels == {1, 2}


def test_a_picture_of_the_duet(tune: Path, tmp_path: Path) -> None:
    done = antiphon("render", tune, "duet.mid", "--picture", "duet.png", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "duet.png").read_bytes().startswith(b"\x89PNG")


def test_listen_prints_what_was_heard(tune: Path, tmp_path: Path) -> None:
    done = antiphon("listen", tune, "--json", cwd=tmp_path)
    notes = [json.loads(line) for line in done.stdout.splitlines()]
    fields = {"time", "step", "pitch", "symbol", "sharps", "bits", "bpm", "beat", "knows_bar", "starts_phrase"}
    fields |= {"next_beat", "beat_certainty", "bar_beats", "bar_certainty", "swing", "triplet"}
    assert [set(note) for note in notes] == [fields] * len(notes)
    assert [note["pitch"] for note in notes] == [pitch for pitch, _ in ODE_IN_E_FLAT]
    assert [note["step"] for note in notes[:4]] == [0, 4, 8, 12]
    assert [note["time"] for note in notes[:3]] == [0, 0.5, 1]
    assert notes[-1]["sharps"] == -3
    assert int(notes[-1]["symbol"]) == notes[-1]["pitch"] - 3
    assert all(0 < note["bits"] < 40 for note in notes)
    table = antiphon("listen", tune, cwd=tmp_path)
    assert "Eb major / c minor" in table.stdout


def test_a_key_that_is_said_is_not_looked_for(tune: Path, tmp_path: Path) -> None:
    done = antiphon("listen", tune, "--json", "--key", "D", cwd=tmp_path)
    assert {json.loads(line)["sharps"] for line in done.stdout.splitlines()} == {2}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("listen", "missing.mid"), "missing.mid"),
        (("listen", "config.txt"), "no MIDI file"),
        (("listen", "ode.mid", "--key", "H"), "not 'H'"),
        (("listen", "ode.mid", "--bpm", "5"), "--bpm"),
        (("listen", "ode.mid", "--model", "nobody"), "there is: essen"),
        (("listen", "ode.mid", "--config", "nothing.toml"), "nothing.toml"),
        (("listen", "ode.mid", "--model", "damaged"), "differs from its checksum"),
        (("render", "ode.mid", "ode.mid"), "performance itself"),
        (("render", "ode.mid", "nowhere/out.mid"), "no folder"),
        (("render", "ode.mid", "."), "is a folder"),
        (("run", "--api", "midi"), "'alsa'"),
        (("run", "--key", "H"), "antiphon: --key must be a key such as"),
        (
            ("run", "--metre", "5/7"),
            "antiphon: --metre must be a time signature such as 4/4, 3/4 or 6/8, or auto, not '5/7'",
        ),
        (("render", "ode.mid", "o.mid", "--metre", "5/7"), "antiphon: --metre must be a time signature"),
        (("run", "--performer", "../x"), "antiphon: --performer must be a name of up to 40 letters"),
        (("memory", "--performer", "../x"), "antiphon: --performer must be a name of up to 40 letters"),
        (("run", "--name", "x" * 41), "antiphon: --name must be a text of 1 to 40 characters"),
        (("run", "--swing", "90"), '--swing must be "auto", or a percentage of the beat from 50 (straight) to 67'),
        (("run", "--model", "nobody"), "there is: essen"),
        (("run", "--model", "jigs"), "antiphon-trainer make jigs"),
        (("run", "--stage-port", "70000"), "--stage-port"),
        (("render", "ode.mid", "o.mid", "--channel", "17"), "--channel"),
        (("render", "ode.mid", "o.mid", "--picture", "o.xyz"), "xyz"),
        (("render", "ode.mid"), "OUT.MID"),
        (("listen", "ode.mid", "--modle", "essen"), "--modle"),
        (("perform",), "perform"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    tune: Path, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "config.txt").write_text("not a MIDI file")
    if "damaged" in arguments:
        shutil.copytree(package_folder() / "models" / "essen", tmp_path / "models" / "damaged")
        with (tmp_path / "models" / "damaged" / "model.tflite").open("r+b") as model:
            model.seek(5000)
            model.write(b"\xff")
    done = antiphon(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert complaint.casefold() in done.stderr.casefold()
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_ports_without_a_midi_system_says_what_to_start(tmp_path: Path) -> None:
    if Path("/dev/snd/seq").exists():
        pytest.skip("this machine has ALSA's sequencer")
    for arguments in (("ports",), ("run", "--no-stage"), ("run", "--no-stage", "--api", "jack")):
        done = antiphon(*arguments, cwd=tmp_path, JACK_DEFAULT_SERVER="antiphon-nobody")
        assert done.returncode == 2
        assert "JACK" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert "Traceback" not in done.stderr


def test_a_model_that_one_line_makes_is_found_by_its_name_in_the_users_data_folder(tune: Path, tmp_path: Path) -> None:
    env = {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    lacking = antiphon("doctor", "--model", "irish", cwd=tmp_path, **env).stdout
    assert "no model 'irish'; there is: essen. This line makes it: antiphon-trainer make irish" in lacking
    where = subprocess.run(
        [sys.executable, "-c", "from antiphon.settings import own_models; print(own_models())"],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert str(tmp_path) in where
    shutil.copytree(package_folder() / "models" / "essen", Path(where) / "irish")
    assert antiphon("listen", tune, "--model", "irish", cwd=tmp_path, **env).returncode == 0
    (tmp_path / "config.toml").write_text('[play]\nmodel = "irish"\n')
    assert antiphon("render", tune, "duet.mid", cwd=tmp_path, **env).returncode == 0
    assert "model: irish" in antiphon("doctor", cwd=tmp_path, **env).stdout
    unknown = antiphon("listen", tune, "--model", "nobody", cwd=tmp_path, **env).stderr
    assert "there is: essen, irish. Give one of these" in unknown
    assert unknown.endswith("; antiphon-trainer make jigs makes 'jigs'\n")
