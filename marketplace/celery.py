"""The Celery app. What it is told stands in ``settings.py`` under ``CELERY_``; the reasons stand there too."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def add_moderation_beats(sender: Celery, **kwargs: Any) -> None:
    """Take the plugin's periodic tasks into the schedule.

    Not in ``settings.py``: how often they run is itself a setting (``MODERATION``), unreadable while settings load.
    """
    from moderation.conf import beat_schedule

    sender.conf.beat_schedule = {**(sender.conf.beat_schedule or {}), **beat_schedule()}
