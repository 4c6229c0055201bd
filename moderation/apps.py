"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    """Connects the checks and makes the roles after each ``migrate``."""

    name = "moderation"
    verbose_name = _("Moderation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the roles."""
        from moderation import checks  # noqa: F401  (registers on import)
        from moderation.permissions import ensure_roles

        post_migrate.connect(ensure_roles, sender=self)
