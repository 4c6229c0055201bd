"""``manage.py detectors``: look for detectors on disk, check their files, and list the registry."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from moderation.models import Detector
from moderation.services import detectors


class Command(BaseCommand):
    """Find detectors and print one line each: what it does here, and whether its files are intact."""

    help = "Look for detectors on disk, compare their files with their digests, and list what the registry knows."

    def handle(self, *args: Any, **options: Any) -> None:
        """Find, then list."""
        detectors.find()
        detectors.line_up()
        for row in Detector.objects.order_by("status", "name", "pk"):
            share = f" {row.canary_percent} %" if row.canary_percent else ""
            problem = f"  {row.files_problem}" if row.files_problem else ""
            self.stdout.write(f"{row.status + share:12} {row.files:8} {row}{problem}")
