"""Tables as files: CSV that no spreadsheet takes for formulas, sent line by line."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class _Line:
    """A file for ``csv.writer`` that hands back what is written."""

    def write(self, line: str) -> str:
        return line


def csv_response(name: str, columns: Sequence[object], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Return a table as a download (UTF-8, comma, header line), made while it is sent."""
    writer = csv.writer(_Line())

    def lines() -> Iterator[Any]:
        yield writer.writerow(columns)
        for row in rows:
            yield writer.writerow([_plain(cell) for cell in row])

    return _download(lines(), f"{name}.csv", "text/csv; charset=utf-8")


def json_response(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """Return a JSON array as a download, one of ``lines`` an element."""

    def parts() -> Iterator[str]:
        yield "["
        for place, line in enumerate(lines):
            yield f"{',' if place else ''}\n{line}"
        yield "\n]\n"

    return _download(parts(), f"{name}.json", "application/json")


def _download(parts: Iterator[str], name: str, kind: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _plain(cell: object) -> object:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
