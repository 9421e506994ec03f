"""The options that several commands take and that stand in no section of `config.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings of your own, over those of the package.", metavar="FILE"),
]
Context = Annotated[
    str,
    typer.Option(
        metavar="auto|stream|window",
        help="What a prediction depends on: all that was heard (stream), or the last window alone. auto measures both "
        "where the network allows both.",
    ),
]
Step = Annotated[
    float,
    typer.Option(
        min=1 / 32,
        max=4,
        metavar="QUARTERS",
        help="Quarter notes that a step of the network lasts; a Keras file doesn't say.",
    ),
]
Hold = Annotated[str, typer.Option(metavar="SYMBOL", help="The mapping's symbol for a hold: what sounds goes on.")]
Rest = Annotated[str, typer.Option(metavar="SYMBOL", help="The mapping's symbol for a rest: silence starts.")]
End = Annotated[str, typer.Option(metavar="SYMBOL", help="The mapping's symbol for the end of a song.")]
Corpus = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH",
        help="Melodies to compare with: a score, a folder of scores, or a folder of encoded songs; give it again for "
        "more. For a network that didn't learn from folk songs.",
        show_default="what prepare stored, or a few old tunes",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Convert even if the network predicts real melodies worse than chance with this mapping."
    ),
]
Bundle = Annotated[
    str, typer.Argument(metavar="BUNDLE", help="Folder of a bundle, or name of a model.", show_default=False)
]
EncodedSongs = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Encoded songs, a text file each.", show_default="the songs that prepare held out"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
