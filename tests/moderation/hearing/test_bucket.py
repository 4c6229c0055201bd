"""Appeals' files in a bucket: kept, sent through the view alone, and deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from moderation.models import Appeal, AppealFile, Decision
from moderation.services import appeal_files
from moderation.workfiles.storage import private_storage
from tests.servers import s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(settings: Any, private: Any) -> Iterator[None]:
    """Keep appeals' files in a bucket of this test."""
    with s3("private") as endpoint:
        options = {
            "bucket_name": "private",
            "endpoint_url": endpoint,
            "region_name": "us-east-1",
            "access_key": "test",
            "secret_key": "test",
            "location": "moderation-private",
            "file_overwrite": False,
            "default_acl": None,
        }
        backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "moderation-private": backend}
        yield


def test_a_bucket_keeps_sends_and_forgets(
    bucket: None, appealed: Callable[..., Appeal], answer: Callable[..., Decision], artist: Any, other_artist: Any
) -> None:
    appeal = appealed()
    file = appeal.files.get()
    mine, theirs = Client(), Client()
    mine.force_login(artist)
    theirs.force_login(other_artist)
    sent = mine.get(file.get_absolute_url())
    assert sent.getvalue().startswith(b"\x89PNG")  # through the view: no link to the bucket ever leaves
    assert sent["Content-Disposition"].startswith("attachment")
    assert theirs.get(file.get_absolute_url()).status_code == 404

    assert appeal_files.read_next()
    assert AppealFile.objects.get().summary["width"] == 64
    answer(appeal, "upheld")
    assert appeal_files.forget().files == []
    Appeal.objects.update(decided_at=timezone.now() - timedelta(days=91))
    assert len(appeal_files.forget().files) == 1
    assert not private_storage().exists(file.file_name)
    assert mine.get(file.get_absolute_url()).status_code == 404
