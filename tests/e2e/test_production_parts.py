"""The same corridor on the parts of a real site: PostgreSQL, Redis, an S3 bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from marketplace.demo.visitor import Visitor
from tests.e2e.site import PEOPLE_BY_ROLE
from tests.e2e.test_killed_worker import DETAILS
from tests.servers import postgresql, redis_server, s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.site import Site


@pytest.mark.postgresql_server
@pytest.mark.redis
@pytest.mark.timeout(180)
def test_an_upload_is_screened(site: Callable[..., Site], paint: Callable[..., bytes], tmp_path: Path) -> None:
    with postgresql() as database, redis_server() as broker, s3("art") as endpoint:
        parts = {
            "DATABASE_URL": database,
            "REDIS_URL": broker,
            "S3_BUCKET": "art",
            "S3_ENDPOINT_URL": endpoint,
            "S3_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        shop = site(classifier="tests.stubs.RedClassifier", extra=parts)
        artist = Visitor(shop.url)
        artist.sign_in(PEOPLE_BY_ROLE["artist"].name, PEOPLE_BY_ROLE["artist"].password)
        for name, score in (("calm", 0.1), ("loud", 0.95)):
            picture = tmp_path / f"{name}.png"
            picture.write_bytes(paint(score, size=(320, 240)))
            artist.offer(picture, {**DETAILS, "title": name})
        shop.wait_for(lambda: shop.count("Screening", state="done") == 2, "both to be screened")
        assert shop.count("Artwork", title="calm", standing="cleared") == 1
        assert shop.count("Artwork", title="loud", standing="held") == 1
        status, gallery = Visitor(shop.url).get("/")
        assert status == 200
        assert "calm" in gallery
        assert "loud" not in gallery
        shop.stop()
