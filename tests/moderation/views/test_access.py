"""What looking at the desk's pages does: nothing. (Who may open them: ``tests/test_urls_by_role.py``.)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from moderation.models import Case

pytestmark = pytest.mark.django_db


def test_looking_at_a_case_claims_nothing(make_case: Callable[..., Case], client: Client, moderator: Any) -> None:
    case = make_case()
    client.force_login(moderator)
    client.get(case.get_absolute_url())
    case.refresh_from_db()
    assert case.held_by is None
