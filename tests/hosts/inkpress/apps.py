"""The shop's app: here it names its two artwork fields and listens to what people decide."""

from __future__ import annotations

from django.apps import AppConfig


class InkpressConfig(AppConfig):
    """The print-on-demand shop."""

    name = "tests.hosts.inkpress"
    label = "inkpress"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register both fields, with readers of every kind: a path, a function, a name."""
        from moderation.registry import register
        from moderation.signals import decided
        from tests.hosts.inkpress import adapters

        for field in ("front", "back"):
            register(
                self.get_model("Design"),
                field=field,
                owner="studio.member",
                title="name",
                category=lambda design: "shirt",
                declared_origin=adapters.origin_of,
            )
        decided.connect(adapters.stop_the_press, dispatch_uid="inkpress:press")
