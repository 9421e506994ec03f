"""Guides: the documentation that the page shows, from Markdown to HTML in the page's own look."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from antiphon.settings import package_folder

GUIDES = {"daw": "Antiphon in a DAW", "controls": "Knobs, pads and pedals"}
"""Name → title."""
_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{styles}
</head>
<body class="guide">
<main>
<p><a href="/">Back to the stage</a></p>
{content}
</main>
</body>
</html>
"""


def guide(name: str, page: Path) -> Response:
    """Return a guide as HTML.

    Args:
        name: as in `GUIDES`.
        page: the folder of the page, whose styles it wears.

    Raises:
        HTTPException: there is no such guide.
    """
    file = package_folder() / "docs" / f"{name}.md"
    if name not in GUIDES or not file.is_file():
        raise HTTPException(404, "There is no such guide.")
    content = MarkdownIt("commonmark").enable("table").render(file.read_text(encoding="utf-8"))
    styles = "\n".join(f'<link rel="stylesheet" href="/{each.name}">' for each in sorted(page.glob("*.css")))
    return HTMLResponse(_FRAME.format(title=GUIDES[name], styles=styles, content=content))
