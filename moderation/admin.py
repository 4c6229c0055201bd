"""The stock admin: everything can be looked up, and what is history cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from moderation.models import Appeal, Artwork, Case, Decision, Detector, Event, Notice, Policy, Screening
from moderation.permissions import is_senior
from moderation.services import notices

if TYPE_CHECKING:
    from django.db.models import QuerySet
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


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Messages to artists; those that could not be sent can be tried again."""

    list_display = ["__str__", "state", "attempts", "sent_at", "next_try_at", "problem"]
    list_filter = ["state"]
    search_fields = ["decision__reference", "decision__artwork__title", "question__case__artwork__title"]
    list_select_related = ["decision__artwork", "question"]
    actions = ["try_again"]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Who may change decisions may see to it that artists hear of them."""
        return is_senior(request.user)

    @admin.action(description=_("Try the chosen ones again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """Let the chosen notices be sent at the next sweep."""
        for notice in queryset.select_related("decision__case__artwork", "question__case__artwork"):
            notices.retry(notice, actor=request.user)  # type: ignore[arg-type]


@admin.register(Appeal)
class AppealAdmin(ReadOnlyAdmin):
    """Appeals and their outcomes. Their text and files are for those who may decide them, on the case's page."""

    fields = ["reference", "decision", "case", "filed_at", "outcome", "decided_at"]
    readonly_fields = ["reference"]
    list_display = ["reference", "decision", "filed_at", "outcome", "decided_at"]
    list_filter = ["outcome"]
    search_fields = ["reference", "decision__reference", "decision__artwork__title"]
    list_select_related = ["decision__artwork"]


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
