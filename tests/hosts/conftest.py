"""People and objects of whichever site the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group

from tests.hosts.sites import Site, this_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Each site's own tests are collected on that site only.
ON_INKPRESS = django_settings.ROOT_URLCONF.startswith("tests.hosts.inkpress")
collect_ignore = ["test_second_host.py"] if ON_INKPRESS else ["test_inkpress.py"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``field`` once for each artwork field of the site."""
    if "field" in metafunc.fixturenames:
        metafunc.parametrize("field", this_site().fields)


@pytest.fixture
def site(db: None, red_classifier: None, settings: Any, tmp_path: Path) -> Site:
    """The site, with a detector that reads the score off the picture and a private storage of this test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "moderation-private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "private"), "base_url": None},
        },
    }
    return this_site()


@pytest.fixture
def make_user(site: Site) -> Callable[..., Any]:
    """Return a maker of the site's users: ``make_user("mia", "Moderators")`` is in that group."""

    def make(name: str, *groups: str) -> Any:
        user = site.person(name)
        user.groups.set(Group.objects.filter(name__in=groups))
        assert user.groups.count() == len(groups)
        return user

    return make
