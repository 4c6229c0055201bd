"""What whoever runs the site sees: one work's way through web, broker and worker, and probes that tell the truth."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from marketplace.demo.visitor import Visitor
from tests.e2e.site import PEOPLE_BY_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.site import Site

DETAILS = {
    "title": "Low Tide",
    "description": "",
    "category": "painting",
    "price": "20",
    "currency": "EUR",
    "declared_origin": "handmade",
}


def lines_of(shop: Site) -> list[dict[str, Any]]:
    """Return what every process logged, as JSON; what gunicorn and Celery print beside the logs is left out."""
    return [
        {**json.loads(line), "file": path.stem}
        for path in (shop.folder / "logs").glob("*.log")
        for line in path.read_text(errors="replace").splitlines()
        if line.startswith("{")
    ]


def get(shop: Site, path: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(shop.url + path, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.timeout(240)
def test_a_works_way_is_one_search_and_the_probes_tell_the_truth(
    site: Callable[..., Site], paint: Callable[..., bytes], tmp_path: Path
) -> None:
    shop = site(
        classifier="tests.stubs.RedClassifier",
        extra={"LOG_FORMAT": "json", "METRICS_TOKEN": "let me see"},
    )
    artist = Visitor(shop.url)
    artist.sign_in(PEOPLE_BY_ROLE["artist"].name, PEOPLE_BY_ROLE["artist"].password)
    picture = tmp_path / "picture.png"
    picture.write_bytes(paint(0.95))
    artist.offer(picture, DETAILS)
    shop.wait_for(lambda: shop.sql("SELECT 1 FROM moderation_case WHERE state = 'open'"), "the case")
    shop.wait_for(lambda: shop.sql("SELECT 1 FROM moderation_pulse"), "the worker's sign of life")

    # Web, broker and worker each say which work they are about; the bell's task id links the two processes.
    ((reference,),) = shop.sql("SELECT reference FROM moderation_artwork")
    mine = [line for line in lines_of(shop) if line.get("work", "").replace("-", "") == reference]
    told = {(line["file"], line["message"]) for line in mine}
    web, worker = ({message for file, message in told if file == process} for process in ("web server", "worker"))
    assert {"artwork_recorded", "screening_requested", "Rang"} <= web, told
    assert {"Heard the bell", "screened", "case_opened"} <= worker, told
    rang = next(line["task"] for line in mine if line["message"] == "Rang")
    heard = next(line["task"] for line in mine if line["message"] == "Heard the bell")
    assert rang == heard
    assert next(line["task"] for line in mine if line["message"] == "screened") == heard

    status, body = get(shop, "/readyz?all")
    assert status == 200, body
    answer = json.loads(body)
    assert answer["status"] == "ready"
    assert answer["worker"]["heartbeat_seconds"] < 120

    status, text = get(shop, "/metrics", Authorization="Bearer let me see")
    assert status == 200
    assert 'brushmark_cases_open{kind="suspect"} 1.0' in text
    assert 'brushmark_step_seconds_count{step="look"} 1.0' in text
    assert get(shop, "/metrics", Authorization="Bearer guess")[0] == 404
    assert get(shop, "/metrics")[0] == 404

    # The workers are gone; pages and uploads go on, and who asks for everything is told.
    shop.kill_worker()
    shop.sql("UPDATE moderation_pulse SET at = '2000-01-01 00:00:00'")
    assert get(shop, "/readyz")[0] == 200
    status, body = get(shop, "/readyz?all")
    assert status == 503
    assert json.loads(body)["worker"]["ok"] is False
    assert "brushmark_worker_up 0.0" in get(shop, "/metrics", Authorization="Bearer let me see")[1]
