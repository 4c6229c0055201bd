"""Pulse: the sign of life that workers give, and how long their steps took."""

from __future__ import annotations

from django.db import models


class Pulse(models.Model):
    """One row, which every worker touches when it has done something: proof that somebody works.

    ``times`` holds a histogram for each step (``moderation.timing``) since the first worker started. Nobody reads this
    table but probes and metrics.
    """

    WORKERS = "workers"

    name = models.CharField(max_length=16, primary_key=True)
    at = models.DateTimeField(null=True)
    times = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
