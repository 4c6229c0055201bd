"""The example site as the chaos suite runs it: short waits, and a worker whose code can be told to fail."""

import os

from celery.signals import worker_process_init

from moderation.conf import ModerationSettings, beat_schedule
from tests.chaos import failpoints
from tests.e2e.settings import *  # noqa: F403

failpoints.FOLDER = VAR_DIR  # type: ignore[name-defined]  # noqa: F405
worker_process_init.connect(failpoints.install)

SILENCED_SYSTEM_CHECKS = ["moderation.E002"]  # the lease is shorter than the check asks for
MODERATION |= {  # type: ignore[name-defined]  # noqa: F405
    "CLASSIFIER": os.environ.get("CHAOS_CLASSIFIER", "tests.stubs.RedClassifier"),
    "EVIDENCE": (*ModerationSettings().EVIDENCE, "tests.chaos.failpoints.Trap"),
    "LEASE_SECONDS": 20,
    "RETRY_SECONDS": 1,
    "TASK_SECONDS": 20,
    "LOOK_SECONDS": 2,
}
CELERY_BEAT_SCHEDULE = beat_schedule(sweep_seconds=1)
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mails"  # type: ignore[name-defined]  # noqa: F405
