"""Alerts: a figure crossed its bound this week or last; raised once, told once by mail."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from moderation.conf import settings
from moderation.models import Alert
from moderation.permissions import SEE_FIGURES
from moderation.readers import language_of
from moderation.selectors import watching as selectors
from moderation.services import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

logger = logging.getLogger(__name__)
_WEEKS = 2
"""The present week and the last: a bound crossed on Sunday evening is still told on Monday."""


def watch() -> int:
    """Raise what is new and mail what was not told; return how many alerts were raised."""
    raised = 0
    for figure in selectors.figures(weeks=_WEEKS):
        if not figure.crossed:
            continue
        with transaction.atomic():
            alert, created = Alert.objects.get_or_create(
                kind=figure.kind,
                detector_id=figure.detector,
                category=figure.category,
                week=figure.week,
                defaults={"value": figure.value, "bound": figure.bound, "number": figure.number},
            )
            if created:
                raised += 1
                events.log(
                    "alert_raised",
                    before={"bound": alert.bound},
                    after={
                        "what": alert.kind,
                        "detector": str(alert.detector),
                        "category": alert.category,
                        "week": alert.week.isoformat(),
                        "value": round(alert.value, 4),
                        "number": alert.number,
                    },
                )
    _tell(list(Alert.objects.filter(mailed_at__isnull=True).select_related("detector")))
    return raised


def sentence(alert: Alert) -> str:
    """Return an alert in one line."""
    values = {
        "what": alert.get_kind_display(),
        "detector": alert.detector,
        "category": alert.category or _("all categories"),
        "week": date_format(alert.week, "SHORT_DATE_FORMAT"),
        "value": f"{alert.value:.2f}",
        "bound": f"{alert.bound:.2f}",
        "number": alert.number,
    }
    return (
        _("%(what)s: %(value)s, bound %(bound)s (%(detector)s, %(category)s, week of %(week)s, %(number)s works).")
        % values
    )


def _tell(alerts: Sequence[Alert]) -> None:
    people = list(_readers())
    if not alerts or not people:
        return
    for person in people:
        with translation.override(language_of(person)):
            lines = [sentence(alert) for alert in alerts]
            link = settings.SITE_URL + reverse("moderation:overview")
            text = "\n".join([_("These figures crossed their bounds:"), "", *lines, "", link, ""])
            subject = _("Moderation: a figure crossed its bound")
        try:
            send_mail(subject, text, django_settings.DEFAULT_FROM_EMAIL, [person.email])
        except (OSError, SMTPException):
            logger.exception("The alert could not be mailed; it is tried again")
            return
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(mailed_at=timezone.now())


def _readers() -> QuerySet[Any]:
    """Return the active people whose role is to see figures, and who can be written to."""
    codename = SEE_FIGURES.partition(".")[2]
    mine = Q(codename=codename, content_type__app_label="moderation")
    from django.contrib.auth.models import Permission

    permission = Permission.objects.filter(mine)
    by_role = Q(groups__permissions__in=permission) | Q(user_permissions__in=permission)
    return get_user_model().objects.filter(by_role, is_active=True).exclude(email="").distinct().order_by("pk")
