"""The stock admin over listings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from marketplace.models import Listing

if TYPE_CHECKING:
    ListingModelAdmin = admin.ModelAdmin[Listing]
else:
    ListingModelAdmin = admin.ModelAdmin


@admin.register(Listing)
class ListingAdmin(ListingModelAdmin):
    """Listings can be corrected and deleted here; new ones come through the upload page, where files are probed."""

    list_display = [
        "title",
        "artist",
        "category",
        "declared_origin",
        "price",
        "currency",
        "created_at",
        "withdrawn_at",
    ]
    list_filter = ["category", "declared_origin", "withdrawn_at"]
    list_select_related = ["artist"]
    search_fields = ["title", "artist__username", "public_id"]
    date_hierarchy = "created_at"
    exclude = ["picture"]  # no route serves its address; the review queue shows the picture
    readonly_fields = ["public_id", "picture_width", "picture_height", "created_at", "changed_at"]

    def has_add_permission(self, request: object) -> bool:
        """Nobody adds a listing without an upload."""
        return False
