"""The table of an audition with performances: a column a source, a row a measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from antiphon_trainer.audition.performances.measuring import ROWS, Row, SourceResult


def lines(results: Sequence[SourceResult]) -> Iterator[str]:
    """Yield the table as Markdown, so that it can be read in a terminal and put into a page."""
    heads = [f"{each.name} ({each.performances})" for each in results]
    rows = [[row.words, *(_cell(row, result) for result in results)] for row in ROWS]
    columns = list(zip(["of the performances in brackets", *heads], *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    yield _line(["of the performances in brackets", *heads], widths)
    yield _line(["-" * width for width in widths], widths)
    for cells in rows:
        yield _line(cells, widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _cell(row: Row, result: SourceResult) -> str:
    values = [share.value if (share := result.figures.get(name)) else None for name in row.figures]
    if all(value is None for value in values):
        return "–"
    text = row.form.format(*map(_shown, values))
    if text.endswith("f1"):
        precision, recall = (value or 0.0 for value in values)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        text = text.removesuffix("f1") + _shown(f1)
    return text


def _shown(value: float | None) -> str:
    """Return a share as `.83`, `1` or `–`."""
    if value is None:
        return "–"
    return f"{value:.2f}".removeprefix("0").replace("1.00", "1")
