"""A parameter: one thing that can be set, as the annotations of a field declare it; `parameters` has them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import inspect

from antiphon.errors import UserError

Kind = Literal["number", "choice", "switch", "press", "text"]
Value = bool | int | float | str

FIRST_ON = 64 / 127
"""Share of a knob's way from which a switch is on. MIDI 1.0: off up to 63 and on from 64."""


@dataclass(frozen=True)
class About:
    """What a field's type and bounds don't say of a parameter.

    Args:
        does: what it is or does, as `antiphon learn` asks for it and docs/controls.md explains it.
        help: the help of its option on the command line; "" if it has none.
        option: the name of that option, where it isn't the parameter's own: "--out", "--cues/--no-cues".
        metavar: what stands for the value in that help: "FOLDER".
        unit: of a number: "share", "MIDI pitch", "BPM", …
        label: its name on the stage page; "" if it can't be set while Antiphon plays.
        knob: the values at the two ends of a knob, between which it is linear; None is the whole range.
        is_control: a knob, a pad or a pedal can steer it: a key of section `[controls]`.
        check: raises `UserError` for a text that it may not be.
        allowed: what that check lets through, in words.
        before: what it is in a recording from before it could be set; None is the default.
    """

    does: str = ""
    help: str = ""
    option: str = ""
    metavar: str | None = None
    unit: str = ""
    label: str = ""
    knob: tuple[float, float] | None = None
    is_control: bool = False
    check: Callable[[str], object] | None = None
    allowed: str = ""
    before: Value | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter, as it is declared.

    Args:
        name: in `config.toml`, on the wire to the page and in recordings.
        type: the annotated type of its field.
        about: its help texts, unit and knob.
    """

    name: str
    type: Any
    about: About

    @cached_property
    def kind(self) -> Kind:
        """Which kind of value it has."""
        match self._node:
            case inspect.LiteralType():
                return "choice"
            case inspect.BoolType():
                return "switch"
            case inspect.NoneType():
                return "press"
            case inspect.IntType() | inspect.FloatType():
                return "number"
        return "text"

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a choice, in the order in which a knob has them."""
        bare = self.type.__origin__ if hasattr(self.type, "__metadata__") else self.type
        return get_args(bare) if self.kind == "choice" else ()

    @property
    def is_whole(self) -> bool:
        """Whether it is a number without decimals."""
        return isinstance(self._node, inspect.IntType)

    @property
    def least(self) -> float | None:
        """The smallest number that it may be; None where there is none that is smallest."""
        return getattr(self._node, "ge", None)

    @property
    def most(self) -> float | None:
        """The largest number that it may be; None where there is none that is largest."""
        return getattr(self._node, "le", None)

    @property
    def knob(self) -> tuple[float, float] | None:
        """The values at the two ends of a knob; None where no knob sets it to a number."""
        if self.kind != "number" or not self.about.is_control:
            return None
        return self.about.knob or (self.least or 0, self.most or 0)

    def at(self, share: float) -> Value:
        """Return the value that a knob says which is turned to `share` of its way, 0…1.

        Between its ends it is linear. Each choice has an equal part of the way; a switch is on from 64 of 127. What
        is pressed is pressed however far.
        """
        if self.kind == "choice":
            return chosen_at(share, self.choices)
        if self.kind == "press":
            return True
        if self.knob is None:
            return share >= FIRST_ON
        low, high = self.knob
        value = low + share * (high - low)
        return round(value) if self.is_whole else value

    @property
    def option(self) -> str | None:
        """What it is called on the command line, where that has it: its own name, or the first that is declared."""
        about = self.about
        if about.option:
            return about.option.partition("/")[0]
        return f"--{self.name.replace('_', '-')}" if about.help else None

    def checked(self, value: object, called: str = "") -> Value:
        """Return a value as its type has it, say 1 as 1.0.

        Args:
            value: as it was read.
            called: what the parameter is called where the value comes from; its name by default.

        Raises:
            UserError: it is none that this parameter may have.
        """
        given = value
        if self.is_whole and isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON has one kind of number
        if self.about.check is not None and isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value:g}"  # nobody need know that 62 is a text here, since "auto" may stand in its place
        try:
            found: Value = msgspec.convert(value, bool if self.kind == "press" else self.type)
            if self.about.check is not None:
                self.about.check(str(found))
            if self.kind != "press" or found:
                return found
        except (msgspec.ValidationError, UserError):
            pass
        raise UserError(f"{called or self.name} must be {self.allowed}, not {given!r}")

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        if self.about.allowed or self.kind == "press":
            return self.about.allowed or "true"
        return _allowed(self._node, self.about.unit)

    @cached_property
    def _node(self) -> inspect.Type:
        node = inspect.type_info(self.type)
        kinds = node.types if isinstance(node, inspect.UnionType) else (node,)
        return next((each for each in kinds if not isinstance(each, inspect.NoneType)), node)


def _allowed(node: inspect.Type, unit: str = "") -> str:
    """Return what a value of a type may be, in words."""
    match node:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            kind = "a whole number" if isinstance(node, inspect.IntType) else "a number"
            return kind + _range(node) + (f" ({unit})" if unit else "")
        case inspect.ListType():
            length = f" of at least {node.min_length}" if node.min_length else ""
            return f"a list{length}, each item {_allowed(node.item_type)}"
        case inspect.StrType(min_length=int(least), max_length=int(most)):
            return f"a text of {least} to {most} characters"
    return "a text"


def _range(node: inspect.IntType | inspect.FloatType) -> str:
    if node.ge is not None and node.le is not None:
        return f" from {node.ge:g} to {node.le:g}"
    bounds = (("of at least", node.ge), ("above", node.gt), ("of at most", node.le), ("below", node.lt))
    return " " + " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


def declared(holder: type) -> dict[str, Parameter]:
    """Return the parameters that the fields of a class declare, by their names and in their order."""
    hints = get_type_hints(holder, include_extras=True)
    return {name: Parameter(name, hint, _about(hint)) for name, hint in hints.items()}


def _about(hint: Any) -> About:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, About)), About())


def chosen_at(share: float, choices: Sequence[str]) -> str:
    """Return the choice of a knob that is turned to `share` of its way, 0…1, of which each has an equal part."""
    return choices[min(int(share * len(choices)), len(choices) - 1)]
