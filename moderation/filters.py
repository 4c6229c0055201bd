"""The queue's filters. The URL is the state: a filter can be kept, sent to a colleague, and gone back to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django_filters  # type: ignore[import-untyped]
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Contains
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from moderation import registry
from moderation.models import Band, Case, CaseKind, CaseState, DeclaredOrigin, Escalation, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import AbstractBaseUser

Cases = QuerySet[Case]

AGES = {"1": _("Over a day"), "3": _("Over three days"), "7": _("Over a week")}
DUE = {"overdue": _("Overdue"), "today": _("Within a day")}
HOLDERS = {"free": _("Nobody"), "me": _("Me"), "others": _("Colleagues")}
STRENGTHS = {"proof": _("Proof"), "strong": _("Strong"), "hint": _("Hints only")}
ORIGINS = [(value or "unstated", label) for value, label in DeclaredOrigin.choices]


class CaseFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """Which cases are shown. Without ``state`` the open ones are."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=CaseState, empty_label=None, method="by_state")
    severity = django_filters.ChoiceFilter(label=_("Urgency"), choices=Severity, empty_label=_("Any"))
    band = django_filters.ChoiceFilter(
        label=_("Band"), field_name="screening__band", choices=Band, empty_label=_("Any")
    )
    strength = django_filters.ChoiceFilter(
        label=_("Evidence"), choices=list(STRENGTHS.items()), method="by_strength", empty_label=_("Any")
    )
    evidence = django_filters.CharFilter(label=_("Kind of evidence"), method="by_evidence")
    kind = django_filters.ChoiceFilter(label=_("Asked because"), choices=CaseKind, empty_label=_("Anything"))
    declared = django_filters.ChoiceFilter(
        label=_("Declared as"), choices=ORIGINS, method="by_origin", empty_label=_("Any")
    )
    category = django_filters.ChoiceFilter(
        label=_("Category"), field_name="artwork__category", choices=lambda: categories(), empty_label=_("Any")
    )
    artist = django_filters.CharFilter(label=_("Artist"), method="by_artist")
    title = django_filters.CharFilter(label=_("Title"), field_name="artwork__title", lookup_expr="icontains")
    age = django_filters.ChoiceFilter(
        label=_("Waiting for"), choices=list(AGES.items()), method="by_age", empty_label=_("Any time")
    )
    due = django_filters.ChoiceFilter(
        label=_("Due"), choices=list(DUE.items()), method="by_due", empty_label=_("Any time")
    )
    holder = django_filters.ChoiceFilter(
        label=_("Open at"), choices=list(HOLDERS.items()), method="by_holder", empty_label=_("Anyone")
    )
    escalated = django_filters.ChoiceFilter(
        label=_("For seniors"),
        choices=[("yes", _("Passed on")), ("no", _("Not passed on"))],
        method="by_escalated",
        empty_label=_("Either"),
    )

    class Meta:
        model = Case
        fields: list[str] = []

    def __init__(self, data: Mapping[str, Any] | None, *, moderator: AbstractBaseUser) -> None:
        self.moderator = moderator
        super().__init__(data, queryset=Case.objects.all())
        for field in self.form.fields.values():
            if isinstance(field.widget, forms.TextInput):
                field.widget.attrs.update({"maxlength": "100", "autocomplete": "off"})

    @property
    def state_shown(self) -> str:
        """The state of the cases that are shown."""
        given = str(self.data.get("state", "")) if self.data else ""
        return given if given in CaseState.values else CaseState.OPEN

    @property
    def cases(self) -> Cases:
        """The filtered cases. A filter with an impossible value is left out (and the form says so)."""
        if self.data and self.data.get("state") and self.form.is_valid():
            return self.qs  # type: ignore[no-any-return]
        return self.qs.filter(state=self.state_shown)  # type: ignore[no-any-return]

    @property
    def in_use(self) -> dict[str, str]:
        """The filters that narrow the list: label and value in words, by parameter."""
        if not self.form.is_valid():
            return {}
        words: dict[str, str] = {}
        for name, value in self.form.cleaned_data.items():
            if value in ("", None) or (name == "state" and value == CaseState.OPEN):
                continue
            field = self.form.fields[name]
            choices = {str(key): label for key, label in getattr(field, "choices", [])}
            words[name] = f"{field.label}: {choices.get(str(value), value)}"
        return words

    def by_state(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep one state."""
        return cases.filter(state=value)

    def by_strength(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep cases with a finding of a strength, the classifier's hint aside; ``hint``: with nothing above it."""
        if value == "hint":
            return self.without(self.without(cases, "proof"), "strong")
        return cases.filter(self._evidence(f'"strength": "{value}"'))

    def without(self, cases: Cases, strength: str) -> Cases:
        """Leave out cases with a finding of ``strength``."""
        return cases.exclude(self._evidence(f'"strength": "{strength}"'))

    def by_evidence(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep cases with a finding of a kind (``a1111``, ``c2pa``)."""
        slug = "".join(letter for letter in value.lower() if letter.isalnum() or letter in "_-")
        return cases.filter(self._evidence(f'"kind": "{slug}"'))

    @staticmethod
    def _evidence(text: str) -> Any:
        """Return the condition that ``text`` stands in the stored findings.

        SQLite has no containment test for JSON; as text both databases write it in the same form.
        """
        return Contains(Coalesce(Cast("screening__evidence", TextField()), Value("", output_field=TextField())), text)

    def by_origin(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep works with a declaration; ``unstated`` is the empty one."""
        return cases.filter(artwork__declared_origin="" if value == "unstated" else value)

    def by_artist(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep the works of artists whose user name begins so."""
        from django.contrib.auth import get_user_model

        users = get_user_model()
        beginning = {f"{users.USERNAME_FIELD}__istartswith": value}
        return cases.filter(artwork__owner__in=users._default_manager.filter(**beginning))

    def by_age(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep cases that were opened more than so many days ago."""
        return cases.filter(opened_at__lt=timezone.now() - timedelta(days=int(value)))

    def by_due(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep cases that are overdue, or due within a day."""
        now = timezone.now()
        if value == "overdue":
            return cases.filter(due_at__lt=now)
        return cases.filter(due_at__gte=now, due_at__lt=now + timedelta(days=1))

    def by_holder(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep cases by who has them open."""
        held = Q(held_by__isnull=False, held_until__gt=timezone.now())
        if value == "free":
            return cases.exclude(held)
        mine = Q(held_by=self.moderator.pk)
        return cases.filter(held & mine) if value == "me" else cases.filter(held & ~mine)

    def by_escalated(self, cases: Cases, name: str, value: str) -> Cases:
        """Keep cases that were passed to the seniors, or those that were not."""
        passed = Exists(Escalation.objects.filter(case=OuterRef("pk")))
        return cases.filter(passed if value == "yes" else ~passed)


def categories() -> list[tuple[str, Any]]:
    """Return the host's own categories where a registered attribute is a field with choices, else nothing."""
    found: dict[str, Any] = {}
    for entry in registry.registrations():
        if isinstance(entry.category, str) and "." not in entry.category:
            field = {item.name: item for item in entry.model._meta.get_fields()}.get(entry.category)
            found.update({str(key): label for key, label in getattr(field, "flatchoices", ())})
    return list(found.items())
