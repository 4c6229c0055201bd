"""What a host asks about its own objects: which may be shown, and where their pictures stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Cast, Replace

from moderation import registry
from moderation.models import Artwork

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models.expressions import Combinable

M = TypeVar("M", bound=Model)


def key_expression(model: type[Model], prefix: str = "pk") -> Combinable:
    """Return the outer query's primary key in the form that ``Artwork.object_pk`` stores (see ``registry.key_of``)."""
    text = Cast(OuterRef(prefix), CharField(max_length=64))
    if isinstance(model._meta.pk, UUIDField):
        return Replace(text, Value("-"), Value(""))
    return text


def visible(queryset: QuerySet[M]) -> QuerySet[M]:
    """Keep the objects that moderation lets be shown: every registered picture has a version the public may see.

    An object without a file in an optional field is not held back by that field.
    """
    for registration in registry.registrations_of(queryset.model):
        shown = Artwork.objects.filter(
            content_type=ContentType.objects.get_for_model(registration.model),
            object_pk=key_expression(queryset.model),
            field=registration.field,
            is_visible=True,
        )
        no_file = Q(**{registration.field: ""}) | Q(**{f"{registration.field}__isnull": True})
        queryset = queryset.filter(no_file | Exists(shown))
    return queryset


def current_artwork(instance: Model, *, field: str | None = None) -> Artwork | None:
    """Return the record of the object's newest bytes, or ``None`` if it has none yet."""
    return _versions(instance, field).filter(is_current=True).first()


def shown_artwork(instance: Model, *, field: str | None = None) -> Artwork | None:
    """Return the version that the public may see: the current one, or an earlier one while that waits."""
    return _versions(instance, field).filter(is_visible=True).order_by("-is_current", "-pk").first()


def current_artworks(instances: Iterable[Model], *, field: str | None = None) -> dict[Any, Artwork]:
    """Return the newest record of each object by primary key, in one query."""
    return _by_key(instances, field, is_current=True)


def shown_artworks(instances: Iterable[Model], *, field: str | None = None) -> dict[Any, Artwork]:
    """Return the version of each object that the public may see, by primary key, in one query."""
    return _by_key(instances, field, is_visible=True)


def _versions(instance: Model, field: str | None) -> QuerySet[Artwork]:
    registration = registry.registration_of(type(instance), field)
    return Artwork.objects.filter(
        content_type=ContentType.objects.get_for_model(registration.model),
        object_pk=registry.key_of(instance),
        field=registration.field,
    ).select_related("decision")


def _by_key(instances: Iterable[Model], field: str | None, **conditions: bool) -> dict[Any, Artwork]:
    objects = {registry.key_of(instance): instance for instance in instances}
    if not objects:
        return {}
    registration = registry.registration_of(type(next(iter(objects.values()))), field)
    artworks = (
        Artwork.objects.filter(
            content_type=ContentType.objects.get_for_model(registration.model),
            object_pk__in=objects,
            field=registration.field,
            **conditions,
        )
        .select_related("decision")
        .order_by("is_current", "pk")
    )
    return {objects[artwork.object_pk].pk: artwork for artwork in artworks}
