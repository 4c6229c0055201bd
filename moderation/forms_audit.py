"""What an auditor can ask the log."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation.selectors.audit import TOPICS

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AuditForm(forms.Form):
    """A search of the log; everything is optional."""

    text = forms.CharField(label=_("Words, a value or a case's number"), max_length=100, required=False)
    who = forms.CharField(label=_("Person"), max_length=100, required=False)
    by = forms.ChoiceField(
        label=_("Done by"),
        choices=[("", _("Anybody")), ("people", _("People")), ("machine", _("The machine"))],
        required=False,
    )
    topic = forms.ChoiceField(
        label=_("About"),
        choices=[("", _("Everything")), *((name, label) for name, (label, _verbs) in TOPICS.items())],
        required=False,
    )
    since = forms.DateField(label=_("From"), required=False, widget=_DAY)
    until = forms.DateField(label=_("To"), required=False, widget=_DAY)
    verb = forms.SlugField(max_length=40, required=False, widget=forms.HiddenInput)
