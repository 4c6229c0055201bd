"""A worker killed with SIGKILL in mid-batch, and started again: every upload ends, none twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from marketplace.demo.visitor import Visitor
from tests.e2e.site import PEOPLE_BY_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.site import Site

UPLOADS = 12
DETAILS = {
    "description": "",
    "category": "painting",
    "price": "20",
    "currency": "EUR",
    "declared_origin": "handmade",
}


@pytest.mark.timeout(180)
def test_nothing_is_lost_and_nothing_done_twice(
    site: Callable[..., Site], paint: Callable[..., bytes], tmp_path: Path
) -> None:
    shop = site(classifier="tests.stubs.SlowRedClassifier")
    artist = Visitor(shop.url)
    artist.sign_in(PEOPLE_BY_ROLE["artist"].name, PEOPLE_BY_ROLE["artist"].password)
    shop.kill_worker()
    for number in range(UPLOADS):
        picture = tmp_path / f"{number}.png"
        picture.write_bytes(paint(0.95 if number % 3 == 0 else 0.1, seed=number, size=(320, 240)))
        artist.offer(picture, {**DETAILS, "title": f"Work {number}"})

    def count(state: str) -> int:
        return int(shop.sql("SELECT COUNT(*) FROM moderation_screening WHERE state = ?", state)[0][0])

    shop.start_worker()
    shop.wait_for(lambda: count("running") > 0, "a claimed batch")
    shop.kill_worker()
    killed = count("running")
    assert killed > 0
    assert count("pending") + count("done") + killed == UPLOADS

    shop.start_worker()
    # The lease of the killed worker would end by itself; the test does not wait three minutes for it.
    shop.sql("UPDATE moderation_screening SET lease_expires_at = '2000-01-01' WHERE state = 'running'")
    shop.manage("sweep")
    shop.sql("UPDATE moderation_screening SET not_before = '2000-01-01' WHERE state = 'pending'")
    shop.manage("sweep")
    shop.wait_for(lambda: count("done") == UPLOADS, "every upload to be screened", seconds=90)

    assert shop.sql("SELECT COUNT(*) FROM moderation_screening") == [(UPLOADS,)]
    assert shop.sql("SELECT COUNT(*), COUNT(DISTINCT artwork_id) FROM moderation_event WHERE verb = 'screened'") == [
        (UPLOADS, UPLOADS)
    ]
    assert dict(shop.sql("SELECT standing, COUNT(*) FROM moderation_artwork GROUP BY standing")) == {
        "held": UPLOADS // 3,
        "cleared": UPLOADS - UPLOADS // 3,
    }
    assert shop.sql("SELECT COUNT(*) FROM moderation_case WHERE state = 'open'") == [(UPLOADS // 3,)]
