"""Entries: all that goes in and out of a performance, as values of one tagged union.

What a recorder writes down, a page is shown, a page or a port commands and a recording replays is made of these. In a
recording, what is a MIDI message stands as that message, and what else reached the improviser as a
`RecordedCommand`, in JSON. Times are seconds from the session's start, and go beside an entry.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from antiphon.midi.messages import Message

_LATEST, _MOST_BEATS = 1e7, 1e9
"""Seconds, four months, and quarter notes, ten years at 200 BPM: beyond them a number in a recording is damaged."""


class _Entry(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class Received(_Entry, frozen=True, tag="received"):
    """A MIDI message has come: its bytes, and what they mean, or None."""

    data: bytes
    message: Message | None


class Sent(_Entry, frozen=True, tag="sent"):
    """A MIDI message has left."""

    data: bytes
    message: Message | None


class TempoHeard(_Entry, frozen=True, tag="tempo"):
    """The tempo has changed, in BPM."""

    bpm: float


class KeyHeard(_Entry, frozen=True, tag="key"):
    """Another key signature is heard, −7…7 sharps."""

    sharps: int


class Marker(_Entry, frozen=True, tag="marker"):
    """Something has happened that people should find again; DAWs show it above the notes."""

    text: str


class Set(_Entry, frozen=True, tag="set"):
    """A setting, by its name and in its unit in `config.toml`; `mute`, `hold` and `record` are true or false."""

    name: Annotated[str, Meta(max_length=100)]
    value: bool | int | float | Annotated[str, Meta(max_length=100)]


class Press(_Entry, frozen=True, tag="press"):
    """A button, by its name in section `[controls]`."""

    name: Annotated[str, Meta(max_length=100)]


class PortLost(_Entry, frozen=True, tag="port_lost"):
    """A MIDI port is gone, and with it the ends of the keys that are down; `what` says so in words."""

    what: str


class PortBack(_Entry, frozen=True, tag="port_back"):
    """A MIDI port is back; `what` says so in words."""

    what: str


class Resumed(_Entry, frozen=True, tag="resumed"):
    """The process had been suspended; all that was due until `since`, in seconds, had been done."""

    since: float


class ModelChanged(_Entry, frozen=True, tag="model_changed"):
    """Another bundle, which is loaded, takes over."""

    model: str


class LinkHeard(_Entry, frozen=True, tag="link"):
    """Ableton Link stands so, as `LinkTimeline` explains. Its tempi are 20 to 999 BPM, roughly."""

    bpm: Annotated[float, Meta(ge=19, le=1000)]
    time: Annotated[float, Meta(ge=-_LATEST, le=_LATEST)]
    beat: Annotated[float, Meta(ge=-_MOST_BEATS, le=_MOST_BEATS)]
    is_playing: bool
    peers: Annotated[int, Meta(ge=0)]


RecordedCommand = Set | Press | PortLost | Resumed | ModelChanged | LinkHeard
"""What reaches the improviser beside MIDI messages, and what a replay needs."""
Command = RecordedCommand | PortBack
"""What a page, a port or a loaded model asks of the playing thread."""
Entry = Received | Sent | TempoHeard | KeyHeard | Marker | Command

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[RecordedCommand] = msgspec.json.Decoder(RecordedCommand)


def command_as_json(command: RecordedCommand) -> bytes:
    """Return a command as a recording keeps it; no digit of a number is lost."""
    return _encoder.encode(command)


def command_from_json(content: bytes) -> RecordedCommand | None:
    """Return a command of a recording; None where that is damaged."""
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
