"""What happens when the host saves or deletes an object that carries artwork.

Sugar over the services: a host that writes without signals (``bulk_create``, imports) calls
``request_screening`` itself, and the sweeper finds what was forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moderation import registry, services

if TYPE_CHECKING:
    from django.db.models import Model


def artwork_saved(*, sender: type[Model], instance: Model, raw: bool = False, **kwargs: Any) -> None:
    """Ask for a screening of each registered picture. Fixtures (``raw``) are left to the sweeper."""
    if raw:
        return
    for registration in registry.registrations_of(sender):
        if registration.file_of(instance):
            services.request_screening(instance, field=registration.field)
        else:  # an optional picture that is not there, or not any more
            services.withdraw(instance, field=registration.field)


def artwork_deleted(*, sender: type[Model], instance: Model, **kwargs: Any) -> None:
    """Close what is open about the deleted object; what was decided stays in the log."""
    for registration in registry.registrations_of(sender):
        services.withdraw(instance, field=registration.field)
