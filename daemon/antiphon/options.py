"""Options that stand in `config.toml` too: each takes its range, its unit and its default from where that is declared.

A command gets those of section `[play]` by a decorator, so that a parameter with words for the command line is an
option of every command that plays:

    @app.command()
    @options.of_play(without=("sync",), bpm="the file's own")
    def render(source: Path, play: dict[str, Any]) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Annotated, Any, get_type_hints

import typer

from antiphon.parameters import PLAY, Parameter
from antiphon.settings import Settings, fields_of, packaged_defaults

WITH_OPTION = tuple(name for name, each in PLAY.items() if each.about.help)
"""The settings of section `[play]` that are options."""


def option(key: str, *names: str, text: str, default: str = "", metavar: str | None = None) -> Any:
    """Return the option for a setting.

    Args:
        key: `section.key` in `config.toml`.
        names: on the command line; by default the key's own.
        text: the help.
        default: what the help says of the default; by default what the packaged file has.
        metavar: what stands for the value in the help.
    """
    section, _, name = key.partition(".")
    parameter = fields_of(get_type_hints(Settings)[section])[name]
    return _option(parameter, names, text, default or _shown(section, name), metavar)


def of_play(*only: str, without: Collection[str] = (), **defaults: str) -> Callable[[Callable[..., None]], Any]:
    """Give a command options for settings of section `[play]`; it takes them as the dictionary `play`.

    Args:
        only: the settings; by default all that are options.
        without: those of them that are left out.
        defaults: what the help says of a default that is another one here than in the packaged file.
    """
    names = [name for name in only or WITH_OPTION if name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def taking_options(*given: Any, **options: Any) -> None:
            command(*given, play={name: options.pop(name) for name in names}, **options)

        signature = inspect.signature(command, eval_str=True)
        own = [each for each in signature.parameters.values() if each.name != "play"]
        given = [each for each in own if each.default is inspect.Parameter.empty]
        added = [_parameter(PLAY[name], defaults.get(name, "")) for name in names]
        parameters = [*given, *added, *(each for each in own if each not in given)]
        taking_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        taking_options.__annotations__ = {each.name: each.annotation for each in parameters}
        taking_options.__name__, taking_options.__doc__ = command.__name__, command.__doc__
        return taking_options

    return decorate


def _parameter(parameter: Parameter, default: str) -> inspect.Parameter:
    name = parameter.name
    option = _option(parameter, (), parameter.about.help, default or _shown("play", name), None)
    bare = getattr(parameter.type, "__origin__", parameter.type)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=None, annotation=Annotated[_without_bounds(bare) | None, option])


def _without_bounds(kind: Any) -> Any:
    """Return a type without its annotations, of which only the option's own are for Typer."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    arguments = [each for each in getattr(kind, "__args__", ()) if each is not type(None)]
    is_optional = type(None) in getattr(kind, "__args__", ())
    return _without_bounds(arguments[0]) if is_optional else kind


def _option(parameter: Parameter, names: tuple[str, ...], text: str, default: str, metavar: str | None) -> Any:
    unit = f" ({parameter.about.unit})" if parameter.about.unit else ""
    sentence = f"{text.rstrip('.')}{unit}. [default: {default}]"
    return typer.Option(*names, help=sentence, min=parameter.least, max=parameter.most, metavar=metavar)


def _shown(section: str, key: str) -> str:
    """Return a packaged default as the help shows it; a setting without one is drawn anew each time."""
    value = packaged_defaults()[section].get(key, "new each time")
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
