"""The command line itself."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from antiphon.settings import fields_of, packaged_defaults
from antiphon_trainer import extra
from antiphon_trainer.settings import Prepare, Train

from .conftest import Workplace

COMMANDS = ("prepare", "train", "convert", "evaluate", "generate")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_every_option(workplace: Workplace, command: str) -> None:
    assert "--config" in workplace.succeeds(command, "--help")


@pytest.mark.parametrize(("command", "section"), [("prepare", Prepare), ("train", Train)])
def test_every_setting_is_an_option_with_its_default(workplace: Workplace, command: str, section: type) -> None:
    out = " ".join(workplace.succeeds(command, "--help").split())
    for name, setting in fields_of(section).items():
        if name != "dataset_path":  # an argument
            option = setting.about.option.split("/")[0] or "--" + name.replace("_", "-")
            assert f" {option} " in out
            assert setting.about.help.rstrip(".") in out
            default = packaged_defaults()[command][name]
            assert (
                isinstance(default, bool | list) or f"[default: {default or ('none' if default == '' else 0)}]" in out
            )


def test_without_a_command_it_shows_the_help(workplace: Workplace) -> None:
    out = workplace.succeeds()
    assert all(command in out for command in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys, antiphon_trainer.cli\n"
        "print(sorted({'keras', 'tensorflow', 'music21', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("prepare", "."),
        ("train",),
        ("convert", "model.keras", "--out", "mine"),
        ("evaluate", "mine"),
        ("generate", "mine"),
    ],
    ids=lambda arguments: " ".join(arguments[:1]) or "nothing",
)
def test_without_the_extra_it_says_what_to_install(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "music21" else object())
    assert workplace.refuses(*arguments) == (
        'antiphon-trainer: the trainer needs music21: pip install "antiphon[trainer]"'
    )
    assert workplace("prepare", "--help").code == 0


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        ((3, 13), 'tensorflow: pip install "antiphon[trainer]"'),
        ((3, 14), "no wheels for Python 3.14; take Python 3.13"),
    ],
)
def test_on_a_python_without_tensorflow_it_says_which_one_to_take(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], advice: str
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "tensorflow" else object())
    monkeypatch.setattr(extra, "sys", SimpleNamespace(version_info=version))
    assert advice in workplace.refuses("train")


@pytest.mark.parametrize("arguments", [("sing",), ("train", "--loudly"), ("convert",), ("evaluate",)])
def test_bad_usage_is_one_line(workplace: Workplace, arguments: tuple[str, ...]) -> None:
    assert "--help" in workplace.refuses(*arguments)
