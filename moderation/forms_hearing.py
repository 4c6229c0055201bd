"""What artists enter when they appeal, and what is entered to answer them. Both forms work without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from moderation.errors import IncompleteAppeal
from moderation.models.appeal import MAX_TEXT, Outcome
from moderation.services import appeals
from moderation.workfiles.kinds import ACCEPT

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from moderation.models import Appeal


class FilesInput(forms.ClearableFileInput):
    """A field for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each known by its first bytes; the sentence of the first that cannot be taken is the error."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """Return the files, or raise ``ValidationError``."""
        files = [file for file in (data if isinstance(data, (list, tuple)) else [data]) if file]
        try:
            appeals.check_files(files)
        except IncompleteAppeal as error:
            raise forms.ValidationError(str(error)) from error
        return files


class _SameLineEndings(forms.CharField):
    """Browsers send each line's end as two characters; the limit that people see counts one."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class AppealForm(forms.Form):
    """Why the decision is wrong, and what shows it."""

    text = _SameLineEndings(
        label=_("Why is the decision wrong?"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Tell how you made the work: tools, steps, time, what you looked at. At most 2,000 characters."),
        error_messages={"required": _("Say in your own words why the decision is wrong.")},
    )
    link = forms.URLField(
        label=_("A link, if you have one"),
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("To a recording or a series of posts that shows the work grow."),
    )
    evidence = FilesField(
        label=_("Files that show how it grew"),
        required=False,
        widget=FilesInput(attrs={"accept": ACCEPT}),
    )

    def __init__(self, *args: Any, takes_files: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not takes_files:
            del self.fields["evidence"]


class AnswerForm(forms.Form):
    """How an appeal ends, and the reply to the artist."""

    outcome = forms.ChoiceField(choices=Outcome.choices, error_messages={"required": _("Choose how the appeal ends.")})
    reply = _SameLineEndings(
        max_length=MAX_TEXT,
        widget=forms.Textarea,
        error_messages={"required": _("Reply to the artist: say what you looked at and what follows.")},
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, appeal: Appeal) -> None:
        super().__init__(data)
        possible = appeals.possible_outcomes(appeal)
        self.fields["outcome"].choices = [(one.value, one.label) for one in possible]  # type: ignore[attr-defined]
