"""The stock admin: everything can be looked up, and what is history cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from moderation.models import Artwork, Case, Decision, Detector, Event, Policy, Screening

if TYPE_CHECKING:
    from django.http import HttpRequest

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # generic for the type checker only


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows and changes none: the services do that, with an event each."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes rows here."""
        return False


@admin.register(Artwork)
class ArtworkAdmin(ReadOnlyAdmin):
    list_display = ["title", "owner", "standing", "is_visible", "is_current", "ai_label", "created_at"]
    list_filter = ["standing", "is_visible", "declared_origin", "ai_label"]
    search_fields = ["title", "digest", "reference", "owner__username"]
    list_select_related = ["owner"]


@admin.register(Screening)
class ScreeningAdmin(ReadOnlyAdmin):
    list_display = ["artwork", "state", "band", "p_ai", "detector", "policy", "attempts", "requested_at"]
    list_filter = ["state", "band", "purpose"]
    search_fields = ["artwork__title", "artwork__digest"]
    list_select_related = ["artwork", "detector", "policy"]


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ["id", "artwork", "kind", "severity", "state", "due_at", "held_by"]
    list_filter = ["state", "kind", "severity"]
    search_fields = ["artwork__title"]
    list_select_related = ["artwork", "held_by"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["artwork", "action", "reason_code", "decider", "decided_at", "undone_at"]
    list_filter = ["action", "reason_code"]
    search_fields = ["artwork__title", "reference"]
    list_select_related = ["artwork", "decider"]


@admin.register(Detector)
class DetectorAdmin(ReadOnlyAdmin):
    list_display = ["name", "version", "first_seen_at"]


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    list_display = ["version", "review_threshold", "hold_threshold", "author", "published_at"]
    list_select_related = ["author"]


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "verb", "actor", "artwork", "reason"]
    list_filter = ["verb"]
    search_fields = ["artwork__title", "reason"]
    list_select_related = ["actor", "artwork"]
