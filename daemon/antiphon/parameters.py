"""Parameters: all that can be set of the playing, each declared once: its name, range, unit, knob and help texts.

A field of `Play` is a key of section `[play]`, and a field of `Live` can be set only while Antiphon plays. Settings,
options of the command line, stage page, knobs and pads, `antiphon learn`, recordings and the tables in docs/ take what
they need from here. The defaults stand in `config.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from antiphon.melody.keys import parse_key
from antiphon.melody.metre import parse_metre
from antiphon.melody.swing import parse_swing
from antiphon.parameter import About, Parameter, declared

Mode = Literal["next-note", "call-response", "continue", "accompany"]
"""Whether each note is answered, or each phrase, or the improviser goes on where the performer stops, or accompanies
what is played."""
When = Literal["now", "onset"]
"""In `next-note`: at once, or at the moment when the model expects the note."""
Accompaniment = Literal["chords", "bass", "both"]
"""What is played in `accompany`: a chord each half bar, its bass note, or both."""
Sync = Literal["fixed", "clock", "auto", "link"]
"""What the tempo follows: nothing, MIDI clock, the performer's own playing, or Ableton Link."""
FileSync = Literal["fixed", "clock", "auto"]
"""What `Sync` may be for a MIDI file: nobody is on Ableton Link there."""
Melody = Literal["top", "split", "channel"]
"""Which of the performer's notes may be the melody: all, those from the split point up, or those of one channel."""
MODES: tuple[Mode, ...] = get_args(Mode)
AUTO = "auto"
"""In the place of a key, or of a number: it is found by listening."""


def _check_key(name: str) -> None:
    if name != AUTO:
        parse_key(name)


def _check_metre(text: str) -> None:
    if text != AUTO:
        parse_metre(text, "metre")


Channel = Annotated[int, Meta(ge=1, le=16)]
Pitch = Annotated[int, Meta(ge=0, le=127)]


class Play(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How Antiphon hears and answers, live and in files: section `[play]`."""

    model: Annotated[
        str,
        About(
            "the bundle that plays",
            help="The bundle that plays: a name or a folder.",
            label="Model",
            allowed="the name of a model",
        ),
    ]
    mode: Annotated[
        Mode,
        About(
            "next-note, call-response, continue or accompany",
            help="Answer each note, answer each phrase, go on where you stop, or accompany you.",
            label="Mode",
            is_control=True,
        ),
    ]
    when: Annotated[
        When, About("the moment of an answer", help="In next-note: at once, or when the model expects the note.")
    ]
    sync: Annotated[
        Sync,
        About(
            "what the tempo follows",
            help="Whose tempo: --bpm, a DAW's MIDI clock, your own, or Ableton Link's.",
            label="Follow",
        ),
    ]
    leads: Annotated[
        bool,
        About(
            "whether Ableton Link takes the tempo over from here",
            help="Let Ableton Link take over your tempo and your taps.",
            option="--leads/--no-leads",
        ),
    ]
    bpm: Annotated[
        float,
        Meta(ge=20, le=400),
        About("the tempo, in quarter notes", help="The tempo, in quarter notes per minute.", unit="BPM", label="Tempo"),
    ]
    metre: Annotated[
        str,
        About(
            "the time signature",
            help="The time signature; auto: 4/4, or what your playing shows.",
            check=_check_metre,
            allowed="a time signature such as 4/4, 3/4 or 6/8, or auto",
        ),
    ]
    clock_offset_ms: Annotated[float, Meta(ge=-1000, le=1000), About("how much later than clock or Link", unit="ms")]
    temperature: Annotated[
        float,
        Meta(ge=0, le=10),
        About(
            "how daring the answers are",
            help="How daring the answers are: near 0 always the likeliest note, 1 as the model believes.",
            label="Temperature",
            # Beyond 2 all sounds alike, and below 0.1 there is nothing to be heard of the difference: a knob spends
            # its 128 values between, and 1 is near its middle.
            knob=(0.1, 2.0),
            is_control=True,
        ),
    ]
    seed: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        About("draws the answers", help="The same playing and the same seed give the same answers."),
    ] = None
    key: Annotated[
        str,
        About(
            "the key",
            help="Your key, for example Eb, c#m or \"B minor\" (a small letter is minor); 'auto' listens for it.",
            label="Key",
            check=_check_key,
            allowed=f'a key such as "Eb", "c#m" or "B minor", or "{AUTO}"',
        ),
    ]
    channel: Annotated[Channel, About("the MIDI channel of the answer", help="The MIDI channel of the answer.")]
    accompaniment: Annotated[
        Accompaniment,
        About(
            "what is played in accompany: chords, bass or both",
            help="In accompany: chords, their bass notes, or both.",
            label="Accompaniment",
            is_control=True,
        ),
    ]
    accompaniment_channel: Annotated[
        int,
        Meta(ge=0, le=16),
        About(
            "the MIDI channel of the accompaniment; 0: the answer's",
            help="The MIDI channel of the accompaniment; 0 is the answer's.",
            before=0,
        ),
    ]
    octave: Annotated[int, Meta(ge=-4, le=4), About("how far the answer lies above you", unit="octaves")]
    phrase_silence: Annotated[
        Annotated[float, Meta(gt=0)] | Literal["auto"],
        About(
            "the silence that ends a phrase",
            unit="beats",
            before=2.0,
            allowed=f'a number above 0 (beats), or "{AUTO}", by how fast you play',
        ),
    ]
    tune_silence: Annotated[
        float,
        Meta(ge=0),
        About("the silence after which another tune begins; 0: never", unit="beats", before=0.0),
    ]
    melody: Annotated[
        Melody,
        About(
            "where the melody is",
            help="Where your melody is: on top of all you play, from hands.split up, or on hands.channel.",
        ),
    ]
    candidates: Annotated[int, Meta(ge=1, le=256), About("the answers of which one is played", unit="answers")]
    shortest_answer: Annotated[int, Meta(ge=1, le=16), About("the least length of an answer", unit="bars")]
    longest_answer: Annotated[int, Meta(ge=1, le=16), About("the greatest length of an answer", unit="bars")]
    form: Annotated[
        bool,
        About(
            "phrases that close and return, in continue",
            help="In continue: phrases that close, answer each other and return, or note after note.",
            option="--form/--no-form",
            before=False,
        ),
    ]
    density: Annotated[
        float,
        Meta(ge=0, le=1),
        About("how many notes are answered, from none to all", unit="share", label="Density", is_control=True),
    ]
    harmony: Annotated[
        float,
        Meta(ge=0, le=1),
        About(
            "how much the answer's notes fit to yours that sound with them",
            help="How much notes that sound with yours must fit to them: 0 is the bare prediction, 1 a second voice.",
            unit="share",
            label="Harmony",
            is_control=True,
            before=0.0,
        ),
    ]
    memory: Annotated[
        float,
        Meta(ge=0, le=1),
        About(
            "how much of what you have played it expects and plays",
            help="How much what it learns of your playing counts: 0 is the model alone, 1 all that helps.",
            unit="share",
            label="Memory",
            is_control=True,
            before=0.0,
        ),
    ]
    swing: Annotated[
        str,
        About(
            "how uneven eighths of the answer are",
            help="How the answer swings: as you do (auto), or how much of the beat lies before the eighth off the "
            "beat, from 50 (straight) to 67 (as in a triplet).",
            unit="%",
            label="Swing",
            check=parse_swing,
            before="50",
            allowed=f'"{AUTO}", or a percentage of the beat from 50 (straight) to 67 (as in a triplet)',
        ),
    ]
    feel: Annotated[
        float,
        Meta(ge=0, le=1),
        About(
            "how much of your timing and your accents the answer takes on, from none to all",
            help="How much of your timing and your accents, by place in the beat, the answer takes on.",
            unit="share",
            label="Feel",
            is_control=True,
            before=0.0,
        ),
    ]
    lowest: Annotated[
        Pitch, About("the lowest note of an answer", unit="MIDI pitch", label="Lowest note", is_control=True)
    ]
    highest: Annotated[
        Pitch, About("the highest note of an answer", unit="MIDI pitch", label="Highest note", is_control=True)
    ]
    in_scale: Annotated[bool, About("only the notes of the key")]
    longest_rest: Annotated[float, Meta(ge=0), About("the longest silence within an answer", unit="beats")]
    repetitions: Annotated[int, Meta(ge=1), About("how often a pitch may sound in a row", unit="notes")]


class Live:
    """What can be set only while Antiphon plays. What is pressed has no value: its type is None."""

    tap: Annotated[None, About("the tempo, tapped", label="Tap", is_control=True)]
    panic: Annotated[None, About("end every note", label="Panic", is_control=True)]
    hold: Annotated[bool, About("let the answer go on while you play over it", label="Hold", is_control=True)]
    mute: Annotated[bool, About("listen without answering", label="Mute", is_control=True)]
    answer: Annotated[None, About("answer now", label="Answer now", is_control=True)]
    record: Annotated[bool, About("record the set", label="Record")]


PLAY = declared(Play)
"""The settings of section `[play]`."""
PARAMETERS: Mapping[str, Parameter] = PLAY | declared(Live)
"""All of them, by name."""
CONTROLS: Mapping[str, Parameter] = {name: each for name, each in PARAMETERS.items() if each.about.is_control}
"""What knobs, pads and pedals can steer."""
ON_PAGE: Mapping[str, Parameter] = {name: each for name, each in PARAMETERS.items() if each.about.label}
"""What the stage page shows, and can set or press."""


def controls_table() -> str:
    """Return the table of the controls as Markdown, for docs/controls.md."""
    rows = ["| control | sets | give it |", "|---|---|---|"]
    for name, each in CONTROLS.items():
        sets, given = each.about.does, "a pad or a button"
        if each.knob is not None:
            low, high = each.knob
            unit = f" ({each.about.unit})" if each.about.unit else ""
            sets, given = f"{sets}: {low:g} to {high:g}{unit}", "a knob"
        elif each.kind == "choice":
            given = "a knob, of which each has an equal part, or a pad that steps on to the next"
        elif each.kind == "switch":
            sets, given = f"{sets}, while it is on", "a pedal or a pad"
        rows.append(f"| `{name}` | {sets} | {given} |")
    return "\n".join(rows)


def settings_table() -> str:
    """Return the table of what a page may set as Markdown, for docs/stage.md."""
    rows = ["| `name` | `value` |", "|---|---|"]
    rows += [f"| `{name}` | {each.allowed} |" for name, each in ON_PAGE.items() if each.kind != "press"]
    return "\n".join(rows)
