"""The plugin's pages on a site that has no frame of its own."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from moderation.models import Case

pytestmark = pytest.mark.django_db


def test_the_pages_bring_a_frame_along(settings: Any, desk: Client, make_case: Callable[..., Case]) -> None:
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = []  # neither base.html nor the site's own moderation/base.html
    settings.TEMPLATES = templates
    case = make_case()
    for address in ("/moderation/", case.get_absolute_url(), "/moderation/overview", case.artwork.get_absolute_url()):
        page = desk.get(address)
        assert page.status_code == 200
        content = page.content.decode()
        assert "Skip to the content" in content
        assert "moderation/queue.css" in content
        assert "moderation/desk.js" in content
        assert "htmx" in content
        assert "site-header" not in content
