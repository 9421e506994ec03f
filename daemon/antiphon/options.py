"""Options that stand in `config.toml` too: each takes its range, its unit and its default from where that is declared.

A command gets those of a section by a decorator, so that a setting with a help text is an option of every command that
takes the section's:

    @app.command()
    @options.of_play(without=("sync",), bpm="the file's own")
    def render(source: Path, play: dict[str, Any]) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from antiphon.errors import UserError
from antiphon.parameter import Parameter
from antiphon.settings import Settings, fields_of, packaged_defaults

Config = Annotated[Path | None, typer.Option(help="A settings file, read after the others.", metavar="FILE")]
Learn = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH",
        help="Learn what is played in this MIDI file, or in all of this folder, before the first note; may be given "
        "again. [default: nothing]",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def option(key: str, text: str, default: str = "", metavar: str | None = None) -> Any:
    """Return the option for a setting.

    Args:
        key: `section.key` in `config.toml`.
        text: the help.
        default: what the help says of the default; by default what the packaged file has.
        metavar: what stands for the value in the help.
    """
    section, _, name = key.partition(".")
    return _option(_settings_in(section)[name], text, default or _shown(section, name), metavar)


def of_play(*only: str, without: Collection[str] = (), **defaults: str) -> Callable[[Callable[..., None]], Any]:
    """Give a command the options of section `[play]`, as `of_section` does."""
    return of_section("play", *only, settings=Settings, without=without, **defaults)


def of_section(
    section: str, *only: str, settings: type[Settings] = Settings, without: Collection[str] = (), **defaults: str
) -> Callable[[Callable[..., None]], Any]:
    """Give a command options for a section's settings; it takes them as a dictionary of the section's name.

    Args:
        section: of `config.toml`.
        only: the settings; by default all that have a help text.
        settings: the program's.
        without: those of them that are left out.
        defaults: what the help says of a default that is another one here than in the packaged file.
    """
    declared = _settings_in(section, settings)
    names = [name for name in only or declared if declared[name].about.help and name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def taking_options(*given: Any, **options: Any) -> None:
            command(*given, **{section: {name: options.pop(name) for name in names}}, **options)

        signature = inspect.signature(command, eval_str=True)
        own = [each for each in signature.parameters.values() if each.name != section]
        given = [each for each in own if each.default is inspect.Parameter.empty]
        added = [_parameter(declared[name], defaults.get(name) or _shown(section, name)) for name in names]
        parameters = [*given, *added, *(each for each in own if each not in given)]
        taking_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        taking_options.__annotations__ = {each.name: each.annotation for each in parameters}
        taking_options.__name__, taking_options.__doc__ = command.__name__, command.__doc__
        return taking_options

    return decorate


def _settings_in(section: str, settings: type[Settings] = Settings) -> Any:
    return fields_of(get_type_hints(settings)[section])


def _parameter(parameter: Parameter, default: str) -> inspect.Parameter:
    option = _option(parameter, parameter.about.help, default, parameter.about.metavar)
    kind = _without_bounds(parameter.type)
    if kind == list[float]:
        kind, option.parser = str, _numbers
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _without_bounds(kind: Any) -> Any:
    """Return a type without its annotations, of which only the option's own are for Typer, and without its None."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    arguments = get_args(kind)
    if get_origin(kind) is list:
        return list[_without_bounds(arguments[0])]  # type: ignore[misc]
    is_optional = type(None) in arguments
    return _without_bounds(arguments[0]) if is_optional else kind


def _option(parameter: Parameter, text: str, default: str, metavar: str | None) -> Any:
    names = (parameter.about.option,) if parameter.about.option else ()
    unit = f" ({parameter.about.unit})" if parameter.about.unit else ""
    sentence = f"{text.rstrip('.')}{unit}. [default: {default}]"
    return typer.Option(*names, help=sentence, min=parameter.least, max=parameter.most, metavar=metavar)


def _numbers(text: str) -> list[float]:
    """Read numbers that are typed with commas between.

    Raises:
        UserError: one is no number.
    """
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        raise UserError(f"{text} must be numbers with commas between, such as 0.25,0.5,1") from None


def _shown(section: str, key: str) -> str:
    """Return a packaged default as the help shows it; a setting without one is drawn anew each time."""
    value = packaged_defaults()[section].get(key, "new each time")
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(f"{each:g}" for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"
