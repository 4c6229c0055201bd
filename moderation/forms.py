"""What moderators enter. Every form works without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from moderation import reasons
from moderation.errors import IncompleteDecision
from moderation.models import DeskPreferences, SavedView
from moderation.models.desk import SkipReason

if TYPE_CHECKING:
    from moderation.models import Case
    from moderation.reasons import Reason

    PreferencesBase = forms.ModelForm[DeskPreferences]
    SavedViewBase = forms.ModelForm[SavedView]
else:
    PreferencesBase = SavedViewBase = forms.ModelForm  # generic for the type checker only


class DecisionForm(forms.Form):
    """One choice (an action on a ground), what was seen, and the text to the artist."""

    choice = forms.ChoiceField(
        choices=[(reason.choice, reason.label) for reason in reasons.REASONS],
        error_messages={"required": gettext_lazy("Choose what to do, and on what ground.")},
    )
    seen = forms.MultipleChoiceField(
        choices=[(key, one.label) for key, one in reasons.OBSERVATIONS.items()], required=False
    )
    explanation = forms.CharField(required=False, max_length=4000, widget=forms.Textarea)
    version = forms.IntegerField(min_value=1)

    @property
    def reason(self) -> Reason:
        """The chosen action and ground, of a valid form."""
        return reasons.BY_CHOICE[self.cleaned_data["choice"]]

    def text_for(self, case: Case) -> str:
        """Return the text to the artist, of a valid form; one that was left empty becomes the ground's own.

        Raises ``IncompleteDecision`` for a text that leaves the artist guessing.
        """
        text: str = self.cleaned_data["explanation"]
        if not text:
            text = reasons.write(case, self.reason, seen=self.cleaned_data["seen"])
        if reasons.unfilled(text):
            raise IncompleteDecision(
                _("Tick what you saw, or write it where the brackets ⟦ ⟧ stand: the artist must be able to answer.")
            )
        return text


class BulkForm(forms.Form):
    """One action on one ground for several cases; the text is made for each from the ground's own."""

    choice = forms.ChoiceField(
        choices=[(reason.choice, reason.label) for reason in reasons.REASONS if "own" not in reason.needs],
        error_messages={"required": gettext_lazy("Choose what to do, and on what ground.")},
    )
    seen = forms.MultipleChoiceField(
        choices=[(key, one.label) for key, one in reasons.OBSERVATIONS.items()], required=False
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a ground whose text would leave the artist guessing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        reason = reasons.BY_CHOICE.get(cleaned.get("choice", ""))
        if reason is not None and "seen" in reason.needs and not cleaned.get("seen"):
            self.add_error("seen", _("Tick what you saw in these pictures: the artists must be able to answer."))
        return cleaned

    @property
    def reason(self) -> Reason:
        """The chosen action and ground, of a valid form."""
        return reasons.BY_CHOICE[self.cleaned_data["choice"]]

    def text_for(self, case: Case) -> str:
        """Return the text to the artist of ``case``, of a valid form. Raises ``IncompleteDecision``."""
        return reasons.explain(case, self.reason, seen=self.cleaned_data["seen"])


class SkipForm(forms.Form):
    """Why a case is passed over."""

    reason = forms.ChoiceField(choices=SkipReason)


class AnswerForm(forms.Form):
    """The artist's answer to a moderator's question, and a link to what shows it."""

    answer = forms.CharField(max_length=2000, error_messages={"required": gettext_lazy("Write an answer first.")})
    link = forms.URLField(max_length=500, required=False, assume_scheme="https")


class PreferencesForm(PreferencesBase):
    """How a moderator likes to work."""

    class Meta:
        model = DeskPreferences
        fields = ["hide_score", "blur", "greyscale", "shortcuts", "layout"]
        widgets = {"layout": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layout"].required = False  # left out, it keeps its default


class SavedViewForm(SavedViewBase):
    """A name for the filter in use."""

    class Meta:
        model = SavedView
        fields = ["name", "query"]
        widgets = {"query": forms.HiddenInput}
