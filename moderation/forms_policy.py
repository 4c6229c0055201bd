"""The policy page's form: the site's rules, or what one category has of its own. It works without JavaScript."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import fields_for_model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from moderation.models import Policy
from moderation.models.policy import ABOUT, SITE_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.forms import BoundField
    from django.utils.functional import _StrPromise

SHARES = ("review_threshold", "hold_threshold", "trusted_artist_bonus")
"""Rules that are stored as 0..1 and shown in per cent."""

GROUPS: dict[str, tuple[_StrPromise, tuple[str, ...]]] = {
    "thresholds": (gettext_lazy("Thresholds"), ("review_threshold", "hold_threshold")),
    "bands": (
        gettext_lazy("What each band does"),
        ("show_while_waiting", "show_in_review", "show_on_hold", "allow_declared_ai"),
    ),
    "limits": (
        gettext_lazy("Time limits"),
        (
            "review_hours",
            "hold_hours",
            "appeal_hours",
            "answer_hours",
            "wait_hours",
            "when_waited_out",
            "grace_minutes",
        ),
    ),
    "artists": (gettext_lazy("Artists with a clean record"), ("trusted_artist_bonus", "trusted_artist_decisions")),
    "desk": (gettext_lazy("The desk"), ("second_look_percent", "bulk_cap", "needs_second_person")),
}
"""The rules as the page groups them; one that is named nowhere stands at the end of the last group."""


class PercentField(forms.FloatField):
    """A share 0..1 that people write in per cent, to a tenth."""

    widget = forms.NumberInput(attrs={"step": "0.1", "min": "0", "max": "100", "inputmode": "decimal"})

    def prepare_value(self, value: Any) -> Any:
        """Show a share in per cent; what was entered stays as it was entered."""
        return f"{value * 100:.1f}" if isinstance(value, float | int) else value

    def clean(self, value: Any) -> Any:
        """Return the share, to a thousandth."""
        percent = super().clean(value)
        return None if percent is None else round(percent * 10) / 1000

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is shown."""
        return bool(super().has_changed(self.prepare_value(initial), data))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on the page: its field, what the site says, and (in a category) whether the category has its own."""

    name: str
    field: BoundField
    inherited: str
    """What the site says, in words; empty where the page is about the site."""
    is_own: bool

    @property
    def is_share(self) -> bool:
        """Whether it is shown in per cent."""
        return self.name in SHARES

    @property
    def is_flag(self) -> bool:
        """Whether it is a yes or no."""
        return isinstance(self.field.field, forms.BooleanField)


class RulesForm(forms.Form):
    """``rules`` as they are before; ``result`` (of a valid form) is a copy with what was entered.

    With ``category`` the form is about that category: only rules ticked in ``own`` are its own, all others are
    inherited, whatever stands in their fields.
    """

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why the rules change: it stands in the history for good."),
    )

    def __init__(self, data: Any = None, *, rules: Policy, category: str = "", reason: str = "") -> None:
        self.rules, self.category = rules, category
        here = rules.within(category)
        names = [name for name in Policy.rules() if not category or name not in SITE_ONLY]
        super().__init__(data, initial={**{name: getattr(here, name) for name in names}, "reason": reason})
        made = fields_for_model(Policy, fields=names)
        for name in names:
            field = made[name]
            if name in SHARES:
                field = PercentField(label=field.label, help_text=field.help_text, min_value=0, max_value=100)
            self.fields[name] = field
        self.fields["own"] = forms.MultipleChoiceField(choices=[(name, name) for name in names], required=False)
        self.names = names
        self.result = rules

    def clean(self) -> dict[str, Any]:
        """Make the rules and hold them to what a policy must hold to."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if any(name not in cleaned for name in self.names):
            return cleaned
        result = copy.copy(self.rules)
        result.overrides = {category: dict(own) for category, own in self.rules.overrides.items()}
        if self.category:
            result.overrides[self.category] = {name: cleaned[name] for name in self.names if name in cleaned["own"]}
            if not result.overrides[self.category]:
                del result.overrides[self.category]
        else:
            for name in self.names:
                setattr(result, name, cleaned[name])
        try:
            result.full_clean(exclude=[name for name in ABOUT if name != "overrides"], validate_unique=False)
        except ValidationError as error:
            self._tell(result, error)
        self.result = result
        return cleaned

    def groups(self) -> Iterator[tuple[str, str, list[Rule]]]:
        """Yield the groups of rules: slug, title, rules."""
        named = {name for _title, names in GROUPS.values() for name in names}
        for slug, (title, names) in GROUPS.items():
            rest = tuple(name for name in self.names if name not in named) if slug == "desk" else ()
            rules = [self._rule(name) for name in (*names, *rest) if name in self.names]
            if rules:
                yield slug, str(title), rules

    def _rule(self, name: str) -> Rule:
        own = (self["own"].data or []) if self.is_bound else self.rules.overrides.get(self.category, {})
        return Rule(
            name,
            self[name],
            in_words(name, getattr(self.rules, name)) if self.category else "",
            bool(self.category) and name in own,
        )

    def _tell(self, result: Policy, error: ValidationError) -> None:
        here = result.within(self.category)
        if here.review_threshold > here.hold_threshold:
            self.add_error("hold_threshold", _("The hold threshold cannot lie below the review threshold."))
            return
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)


def in_words(rule: str, value: Any) -> str:
    """Return a rule's value as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if rule in SHARES and isinstance(value, float | int):
        return _("%(percent)s %%") % {"percent": number_format(value * 100, 1)}
    field = Policy._meta.get_field(rule) if rule in Policy.rules() else None
    choices = dict(getattr(field, "flatchoices", None) or ())
    return str(choices.get(value, number_format(value) if isinstance(value, int | float) else value))


class LookingForm(forms.Form):
    """What the page assumes when it looks ahead: neither is part of the policy."""

    prevalence = forms.FloatField(
        label=gettext_lazy("Of 100 works offered, so many are AI-generated"),
        min_value=0.1,
        max_value=99.9,
        initial=5.0,
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}),
    )
    hours = forms.FloatField(
        label=gettext_lazy("Hours that one moderator decides cases a day"),
        min_value=0.5,
        max_value=24,
        initial=6.0,
        widget=forms.NumberInput(attrs={"step": "0.5", "inputmode": "decimal"}),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Show works and scores of"),
        coerce=int,
        initial=30,
        choices=[
            (7, gettext_lazy("the last 7 days")),
            (30, gettext_lazy("the last 30 days")),
            (90, gettext_lazy("the last 90 days")),
        ],
    )

    @property
    def values(self) -> tuple[float, float, int]:
        """Prevalence (0..1), hours and days; the initial ones where nothing sensible was entered."""
        self.is_valid()
        cleaned = self.cleaned_data if self.is_bound else {}
        found = {name: cleaned.get(name) or field.initial for name, field in self.fields.items()}
        return found["prevalence"] / 100, found["hours"], found["days"]


class ReasonForm(forms.Form):
    """Why: for a return, or for a publication."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why: it stands in the history for good.")},
    )
