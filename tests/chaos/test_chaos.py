"""A short form of ``make chaos``: the parts of a site fail, one after another, under a few uploads each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.scenarios import SHORT, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.world import World

pytestmark = [pytest.mark.postgresql_server, pytest.mark.redis, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One site for all: what an earlier scenario left must not trouble a later one."""
    from tests.chaos.world import world

    with world(tmp_path_factory.mktemp("chaos")) as one:
        yield one


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_and_nothing_done_twice_when(name: str, site: World) -> None:
    before = site.uploads
    faults = run(name, site, 6)
    assert {fault: times for fault, times in faults.items() if times} == {}
    ended = site.results()
    assert ended["done"] + ended["failed"] == site.uploads - before
    assert (ended["failed"] > 0) == (name == "pictures that kill")  # else a person is asked of suspects alone
