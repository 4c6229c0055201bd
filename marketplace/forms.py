"""The artist's forms. A file is looked at before anything of it is stored."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from marketplace.models import Category, Currency, Listing, Origin
from ml.probe import MIME_TYPES, ArtworkError, Limits, available_formats, probe
from moderation.refusals import refusal

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest

    from marketplace.services import Details
    from ml.probe import Header

    ListingModelForm = forms.ModelForm[Listing]
else:
    ListingModelForm = forms.ModelForm

MEDIA_TYPES = {**MIME_TYPES, "HEIF": "image/heic,image/heif"}

ORIGIN_HELP = {
    Origin.HANDMADE: _("No picture generator was used, at any step."),
    Origin.ASSISTED: _("A generator helped (a sketch, a background, a fill); the work is mine."),
    Origin.GENERATED: _("A generator made the picture. Buyers see this label."),
}


class PictureField(forms.FileField):
    """A file that ``ml.probe`` recognises as a picture within the limits; ``header`` says what it found."""

    widget = forms.FileInput
    header: Header | None = None

    @property
    def limits(self) -> Limits:
        """What one picture may ask of us."""
        return Limits(max_bytes=settings.UPLOAD_MAX_BYTES)

    @property
    def megapixels(self) -> int:
        """The most pixels that a picture may have, in millions."""
        return self.limits.max_pixels // 1_000_000

    @property
    def formats(self) -> list[str]:
        """The formats that this installation can read (HEIF only where the extra is installed)."""
        return [name for name, has_decoder in available_formats().items() if has_decoder]

    @property
    def accept(self) -> str:
        """What the browser's file chooser offers. A telephone turns HEIC to JPEG by itself where it is not named."""
        return ",".join(MEDIA_TYPES[name] for name in self.formats)

    @property
    def takes_heic(self) -> bool:
        """Whether the telephones' format can be read here."""
        return "HEIF" in self.formats

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the uploaded file, rewound. Raises ``ValidationError`` with the probe's sentence."""
        file: Any = super().clean(data, initial)
        self.header = None
        if data and file is not None:
            stream = file.file
            stream.seek(0)
            try:
                self.header = probe(stream, self.limits)
            except ArtworkError as error:
                raise ValidationError(refusal(error), code=error.code) from error
            stream.seek(0)
        return file


class ListingForm(ListingModelForm):
    """A new work: the picture, what it is, what it costs, how it was made."""

    picture = PictureField(
        label=_("Picture"),
        max_length=200,
        error_messages={
            "required": _("Choose the picture of your work."),
            "invalid": _("The picture did not arrive. Choose it again."),
            "empty": _("This file is empty. Choose the picture again."),
            "max_length": _("The file's name is too long. Give it a shorter one and choose it again."),
        },
    )
    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Listing
        fields = ["picture", "title", "category", "price", "currency", "description", "declared_origin"]
        widgets = {
            "declared_origin": forms.RadioSelect,
            "description": forms.Textarea(attrs={"rows": 4}),
            "price": forms.NumberInput(attrs={"inputmode": "decimal", "min": "0", "step": "0.01"}),
        }
        error_messages = {
            "title": {"required": _("Give your work a title.")},
            "category": {"required": _("Choose the kind of work.")},
            "price": {
                "required": _("Give a price."),
                "invalid": _("Give the price as a number, such as 120 or 120.50."),
            },
            "declared_origin": {"required": _("Say how the work was made.")},
        }

    field_order = ["picture", "title", "category", "price", "currency", "description", "declared_origin", "submission"]

    def __init__(self, *args: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = bool(getattr(request, "upload_too_large", False))
        self.fields["submission"].initial = uuid.uuid4
        picture = cast("PictureField", self.fields["picture"])
        picture.widget.attrs["accept"] = picture.accept
        origin = cast("forms.ChoiceField", self.fields["declared_origin"])
        origin.choices = Origin.choices  # without the empty choice: nothing is chosen until the artist chooses
        category = cast("forms.ChoiceField", self.fields["category"])
        category.choices = [("", _("Choose …")), *Category.choices]
        for field in self.fields.values():  # the page says it before a large file is sent for nothing
            if field.required:
                field.widget.attrs["data-missing"] = field.error_messages["required"]
        self.fields["price"].widget.attrs["data-mistyped"] = self.fields["price"].error_messages["invalid"]

    def clean(self) -> dict[str, Any]:
        """Say that a picture was too large, where the upload handler dropped it on the way in."""
        cleaned = super().clean() or self.cleaned_data
        if self.too_large:
            self.errors.pop("picture", None)
            limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
            self.add_error(
                "picture",
                ValidationError(
                    _("This file is larger than %(limit)s. Save it smaller, for instance as JPEG, and try again."),
                    code="too_many_bytes",
                    params={"limit": limit},
                ),
            )
        price, currency = cleaned.get("price"), cleaned.get("currency")
        if currency == Currency.JPY and isinstance(price, Decimal) and price != price.to_integral_value():
            self.add_error("price", ValidationError(_("A price in yen has no decimals."), code="decimals"))
        return cleaned

    @property
    def new_picture(self) -> UploadedFile[bytes] | None:
        """The picture that came with this form, or ``None`` where the listing keeps the one it has."""
        return self.cleaned_data["picture"] if self.header is not None else None

    @property
    def header(self) -> Header | None:
        """What the picture says about itself; ``None`` where no new one came."""
        return cast("PictureField", self.fields["picture"]).header

    @property
    def details(self) -> Details:
        """What the artist says about the work, as the services take it."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "description": data["description"],
            "category": data["category"],
            "price": data["price"],
            "currency": data["currency"],
            "declared_origin": data["declared_origin"],
        }

    @property
    def problems(self) -> dict[str, list[str]]:
        """What is to be put right, by field, in the sentences that the page shows (``__all__``: the whole form)."""
        return {name: [str(problem) for problem in problems] for name, problems in self.errors.items()}

    @property
    def origin_choices(self) -> list[tuple[Any, Any]]:
        """Each radio button of the declaration with the sentence that explains it."""
        return [(radio, ORIGIN_HELP[Origin(radio.data["value"])]) for radio in self["declared_origin"]]


class SeriesForm(forms.Form):
    """One declaration for several of the artist's own works."""

    MOST = 200

    works = forms.TypedMultipleChoiceField(
        coerce=uuid.UUID, error_messages={"required": _("Choose the works that belong to the series first.")}
    )
    declared_origin = forms.ChoiceField(
        choices=Origin.choices, error_messages={"required": _("Say how the works were made.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whose they are is the service's to say; here they need only be names of works, and not too many.
        named = self.data.getlist("works")[: self.MOST] if hasattr(self.data, "getlist") else []
        works = cast("forms.TypedMultipleChoiceField", self.fields["works"])
        works.choices = [(name, name) for name in named]

    @property
    def sentences(self) -> list[str]:
        """What is to be put right."""
        return [str(problem) for problems in self.errors.values() for problem in problems]


class RevisionForm(ListingForm):
    """A change of a listing. Without a new picture the old one, and what was decided about it, stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        picture = self.fields["picture"]
        picture.required = False
        picture.label = _("A new picture (optional)")
        picture.help_text = _(
            "A new picture is screened anew. Until then the public sees the one before, if that was public."
        )
        del self.fields["submission"]
