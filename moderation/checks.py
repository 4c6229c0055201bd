"""System checks: every misconfiguration that can be seen before it hurts. Ids are stable; the docs list them."""

from __future__ import annotations

import dataclasses
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db.models import FileField
from django.utils.module_loading import import_string

from ml.cards import ArtefactError
from moderation import registry
from moderation.conf import ModerationSettings, settings
from moderation.evidence.classifier import default_classifier
from moderation.workfiles.storage import has_private_storage

if TYPE_CHECKING:
    from collections.abc import Iterator


@register("moderation")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Unknown keys (E001), values that cannot hold (E002), dotted paths that do not import (E003)."""
    return [*_unknown_keys(), *_impossible_values(), *_paths()]


def _unknown_keys() -> Iterator[CheckMessage]:
    known = {item.name for item in dataclasses.fields(ModerationSettings)}
    for key in sorted(set(getattr(django_settings, "MODERATION", {})) - known):
        yield Error(
            f"MODERATION has an unknown key: {key!r}.",
            hint=f"Known keys: {', '.join(sorted(known))}.",
            id="moderation.E001",
        )


def _impossible_values() -> Iterator[CheckMessage]:
    positive = (
        "BATCH_SIZE",
        "LEASE_SECONDS",
        "TASK_SECONDS",
        "MAX_ATTEMPTS",
        "RETRY_SECONDS",
        "LOOK_SECONDS",
        "LOOK_MEMORY_MB",
        "MAX_BYTES",
        "CASE_LEASE_SECONDS",
        "APPEAL_DAYS",
        "APPEAL_MAX_FILES",
        "APPEAL_MAX_FILE_BYTES",
        "APPEAL_MAX_TOTAL_BYTES",
        "APPEAL_FILE_DAYS",
        "ADDRESS_DAYS",
        "WITHDRAWN_DAYS",
        "NOTICE_ATTEMPTS",
        "GATE_MIN_WORKS",
        "GATE_MAX_WORKS",
        "GATE_DAYS",
        "WATCH_LEAST",
    )
    for name in positive:
        value = getattr(settings, name)
        if not isinstance(value, int) or value < 1:
            yield Error(f"MODERATION[{name!r}] is {value!r}, not a whole number above 0.", id="moderation.E002")
    if settings.TRAINING_CONSENT not in ("opt-in", "opt-out"):
        yield Error(
            f"MODERATION['TRAINING_CONSENT'] is {settings.TRAINING_CONSENT!r}, not 'opt-in' or 'opt-out'.",
            id="moderation.E002",
        )
    if isinstance(settings.LEASE_SECONDS, int) and settings.LEASE_SECONDS <= 170:
        yield Error(
            "MODERATION['LEASE_SECONDS'] is not above the screening task's time limit (170 s).",
            hint="A lease that ends before its task lets two workers look at the same picture.",
            id="moderation.E002",
        )


def _paths() -> Iterator[CheckMessage]:
    for name, path in [
        ("CLASSIFIER", settings.CLASSIFIER),
        *(("EVIDENCE", path) for path in settings.EVIDENCE),
        *((name, path) for name in ("LANGUAGE_OF", "TIME_ZONE_OF") if (path := getattr(settings, name))),
    ]:
        try:
            import_string(path)
        except ImportError as error:
            yield Error(f"MODERATION[{name!r}] names {path!r}, which does not import: {error}", id="moderation.E003")


@register("moderation")
def check_detector(**kwargs: Any) -> list[CheckMessage]:
    """The detector's card is there and says where its thresholds lie (E004)."""
    try:
        card = default_classifier().card
    except ArtefactError as error:
        return [Error(f"The detector cannot be used: {error}", id="moderation.E004")]
    except ImportError:
        return []  # E003 says so
    if not 0 <= card.review_threshold <= card.hold_threshold <= 1:
        return [Error(f"The card of the detector {card.name} has thresholds out of order.", id="moderation.E004")]
    return []


@register("moderation")
def check_registrations(**kwargs: Any) -> list[CheckMessage]:
    """Registered fields are file fields (E005), of which there is one (W001); no file is overwritten (W002)."""
    messages: list[CheckMessage] = []
    for entry in registry.registrations():
        try:
            field = entry.model._meta.get_field(entry.field)
        except FieldDoesNotExist:
            field = None
        if not isinstance(field, FileField):
            messages.append(
                Error(
                    f"register({entry.model._meta.label}, field={entry.field!r}): that is not a file field.",
                    obj=entry.model,
                    id="moderation.E005",
                )
            )
        elif getattr(field.storage, "file_overwrite", False):
            messages.append(
                Warning(
                    f"The storage of {entry.model._meta.label}.{entry.field} overwrites files of the same name.",
                    hint="Set file_overwrite to False: a decision belongs to the exact bytes it was made on.",
                    obj=entry.model,
                    id="moderation.W002",
                )
            )
    if not registry.registrations():
        messages.append(
            Warning(
                "No model is registered, so nothing will be screened.",
                hint="Call moderation.registry.register() in your AppConfig.ready().",
                id="moderation.W001",
            )
        )
    return messages


@register("moderation", Tags.compatibility)
def check_decoders(**kwargs: Any) -> list[CheckMessage]:
    """AVIF can be decoded by this Pillow (W003)."""
    from PIL import features

    if not features.check("avif"):
        return [Warning("This Pillow cannot decode AVIF: such uploads are refused.", id="moderation.W003")]
    return []


@register("moderation")
def check_content_credentials(**kwargs: Any) -> list[CheckMessage]:
    """Content Credentials can be validated (W005), and the trust anchors named are there (E006)."""
    messages: list[CheckMessage] = []
    if util.find_spec("c2pa") is None:
        messages.append(
            Warning(
                "Content Credentials are noticed but cannot be checked.",
                hint="Install the extra: pip install 'brushmark[c2pa]'.",
                id="moderation.W005",
            )
        )
    if settings.C2PA_TRUST_ANCHORS and not Path(settings.C2PA_TRUST_ANCHORS).is_file():
        messages.append(
            Error(
                f"MODERATION['C2PA_TRUST_ANCHORS'] names {settings.C2PA_TRUST_ANCHORS!r}, which is not there.",
                id="moderation.E006",
            )
        )
    return messages


@register("moderation")
def check_beat(**kwargs: Any) -> list[CheckMessage]:
    """The sweeper runs from time to time (W004): without it a killed worker's pictures wait for ever."""
    schedule = getattr(django_settings, "CELERY_BEAT_SCHEDULE", {})
    if any(entry.get("task") == "moderation.tasks.sweep" for entry in schedule.values()):
        return []
    return [
        Warning(
            "CELERY_BEAT_SCHEDULE has no entry for moderation.tasks.sweep.",
            hint="Merge moderation.conf.beat_schedule() into it, or run `manage.py sweep` by cron.",
            id="moderation.W004",
        )
    ]


@register("moderation")
def check_hearing(**kwargs: Any) -> list[CheckMessage]:
    """Appeals can take files (W010), and notices leave (W012)."""
    messages: list[CheckMessage] = []
    if not has_private_storage():
        messages.append(
            Warning(
                f"STORAGES has no entry {settings.PRIVATE_STORAGE!r}: artists can appeal, but send no files.",
                hint="Name a storage that is never served; see moderation/workfiles/storage.py.",
                id="moderation.W010",
            )
        )
    schedule = getattr(django_settings, "CELERY_BEAT_SCHEDULE", {})
    if not any(entry.get("task") == "moderation.tasks.send_notices" for entry in schedule.values()):
        messages.append(
            Warning(
                "CELERY_BEAT_SCHEDULE has no entry for moderation.tasks.send_notices: no mail tells artists anything.",
                hint="Merge moderation.conf.beat_schedule() into it, or run `manage.py send_notices` by cron.",
                id="moderation.W012",
            )
        )
    return messages


@register("moderation", deploy=True)
def check_mail_links(**kwargs: Any) -> list[CheckMessage]:
    """Mails to artists can carry whole links (W011; asked by ``check --deploy``)."""
    if settings.SITE_URL.startswith(("https://", "http://")):
        return []
    return [
        Warning(
            "MODERATION['SITE_URL'] is not set: the mails to artists carry no whole links.",
            hint="Set it to the site's address, such as 'https://art.example'.",
            id="moderation.W011",
        )
    ]
