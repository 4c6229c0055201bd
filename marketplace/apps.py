"""The site's app: here it tells the moderation plugin which of its pictures to screen."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketplaceConfig(AppConfig):
    """The example marketplace."""

    name = "marketplace"
    verbose_name = _("Marketplace")

    def ready(self) -> None:
        """Register the listing's picture. This call is all that a host must do."""
        from django.db.models.signals import post_delete

        from marketplace.receivers import listing_deleted
        from moderation.registry import register

        post_delete.connect(listing_deleted, sender=self.get_model("Listing"), dispatch_uid="marketplace:files")

        register(
            self.get_model("Listing"),
            field="picture",
            owner="artist",
            title="title",
            category="category",
            declared_origin="declared_origin",
        )
