"""What every page of the site knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest

THEMES = ("light", "dark")


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Give the remembered theme (``""`` follows the system) and whether the reader's zone is known yet."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "zone_is_known": "tz" in request.COOKIES,
    }
