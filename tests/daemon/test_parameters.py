"""A parameter is declared in one place, with its default in another, and is found everywhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.parameters import CONTROLS, ON_PAGE, PARAMETERS, PLAY, Play
from antiphon.settings import package_folder, packaged_defaults

DECLARED = """
    wobble: Annotated[
        float,
        Meta(ge=0, le=4),
        About("how uneven eighths are", help="How uneven eighths are.", label="Wobble", knob=(1, 3), is_control=True),
    ]
    lowest: Annotated["""
EVERYWHERE = """
from pathlib import Path
from typer.testing import CliRunner
from antiphon import parameters, settings
from antiphon.cli import app
from antiphon.improviser.input.controls import parse_table
from antiphon.midi.messages import NoteOn
from antiphon.recording.commands import event_of
from antiphon.recording.entries import Received
from antiphon.recording.recorder import Recorder
from antiphon.recording.session_file import read_session
from antiphon.setup.learn import check_controls, question
from antiphon.stage.checks import refusal
from antiphon.recording.entries import Set
from antiphon.stage.messages import numbers

def refused(act):
    try:
        act()
    except Exception as error:
        return str(error)

print(settings.read_settings().play.wobble)
print(refused(lambda: settings.read_settings(None, {"play": {"wobble": 5}})))
help_text = " ".join(CliRunner().invoke(app, ["run", "--help"]).output.split())
print(help_text[help_text.index("--wobble"):].split(" --")[0])
print(refusal(Set("wobble", 4.5), None), refusal(Set("wobble", 3.5), None))
table = parse_table({"wobble": "cc 9"})
print(parameters.CONTROLS["wobble"].at(0.25))
print(check_controls(["wobble"]), question("wobble"))
print([each.name for each in numbers()])
print(next(each for each in numbers() if each.name == "wobble"))
print([line for line in parameters.controls_table().splitlines() if "wobble" in line])
print([line for line in parameters.settings_table().splitlines() if "wobble" in line])
recorder = Recorder(Path("sets"), {}, 100, print)
recorder.add(0.0, Received(bytes([0x90, 60, 80]), NoteOn(60, 80, 1)))
recorder.add(0.0, Set("wobble", 2.5))
replayed = read_session(recorder.close()).events[-1][1]
print(replayed, event_of(replayed))
print(refused(lambda: event_of(Set("wobble", 4.5))))
"""


def test_a_parameter_that_is_declared_is_found_everywhere(tmp_path: Path) -> None:
    house = package_folder()
    shutil.copytree(house / "daemon" / "antiphon", tmp_path / "daemon" / "antiphon")
    module, config = tmp_path / "daemon" / "antiphon" / "parameters.py", tmp_path / "config.toml"
    text = module.read_text(encoding="utf-8")
    assert text.count("\n    lowest: Annotated[") == 1
    module.write_text(text.replace("\n    lowest: Annotated[", DECLARED), encoding="utf-8")
    packaged = (house / "config.toml").read_text(encoding="utf-8")
    config.write_text(packaged.replace("\nlowest = 0", "\nwobble = 1.5\nlowest = 0"), encoding="utf-8")
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", EVERYWHERE],
        cwd=tmp_path / "home",
        env=os.environ
        | {"PYTHONPATH": str(tmp_path / "daemon"), "XDG_CONFIG_HOME": str(tmp_path / "home"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "1.5",
        "--wobble must be a number from 0 to 4, not 5",
        "--wobble <float range> How uneven eighths are. [default: 1.5] [0<=x<=4]",
        "wobble must be a number from 0 to 4, not 4.5 None",
        "1.5",
        "['wobble'] wobble: how uneven eighths are: turn a knob or move a fader",
        "['bpm', 'temperature', 'density', 'harmony', 'memory', 'feel', 'wobble', 'lowest', 'highest']",
        "Number(name='wobble', label='Wobble', unit='', least=0, most=4, slider=Slider(least=1, most=3, step=0.05))",
        "['| `wobble` | how uneven eighths are: 1 to 3 | a knob |']",
        "['| `wobble` | a number from 0 to 4 |']",
        "Set(name='wobble', value=2.5) Control(name='wobble', value=2.5)",
        "wobble must be a number from 0 to 4, not 4.5",
    ]


def test_every_default_is_one_that_its_parameter_may_have() -> None:
    defaults = packaged_defaults()["play"]
    assert set(PLAY) - set(defaults) == {"seed"}  # without one each set is new
    for name, value in defaults.items():
        assert PLAY[name].checked(value) == value
    assert list(PLAY) == list(Play.__struct_fields__)
    assert set(packaged_defaults()["controls"]) == set(CONTROLS)


@pytest.mark.parametrize("name", ON_PAGE)
def test_what_is_on_the_page_has_its_label_there(name: str) -> None:
    page = package_folder() / "daemon" / "antiphon" / "stage" / "page"
    html = (page / "index.html").read_text(encoding="utf-8").replace("<wbr>", "")
    label = PARAMETERS[name].about.label
    assert PARAMETERS[name].knob is not None or f">{label}<" in html or f"</i>{label}<" in html
