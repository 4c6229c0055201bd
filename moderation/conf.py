"""The plugin's settings: one ``MODERATION = {...}`` dict in the host's settings, typed here, with its defaults.

``settings.LEASE_SECONDS`` reads the current value; tests that override ``MODERATION`` are seen at once.
Unknown keys and impossible values are reported by ``manage.py check`` (see ``checks.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True, slots=True)
class ModerationSettings:
    """Every setting of the plugin. Names are the keys of the ``MODERATION`` dict."""

    CLASSIFIER: str = "moderation.evidence.classifier.ShippedDetector"
    """Dotted path of the class that scores pictures; see ``moderation.evidence.classifier.Classifier``."""
    DETECTOR: str = ""
    """Name of the detector to begin with; empty takes ``ml.cards.DEFAULT_DETECTOR``.

    Only the first default: from then on the registry in the database says which detector serves, and a policy admin
    changes it there (``moderation.services.detectors``).
    """
    ARTEFACTS: tuple[str, ...] = ()
    """Folders with further detectors beside the shipped ones: where ``python -m ml train --init`` writes to."""
    GATE_MIN_WORKS: int = 20
    """The gate is not passed with fewer labelled works of either class."""
    GATE_MAX_WORKS: int = 2000
    """The gate looks at no more labelled works than this: the regression set first, then the newest."""
    GATE_DAYS: int = 7
    """For how long a passed gate lets a detector be promoted."""
    GOLD_PERCENT: int = 10
    """Of 100 decided works, so many are gold: they test detectors and are never exported for training."""
    TRAINING_CONSENT: str = "opt-in"
    """Of artists who said nothing, detectors learn ``"opt-in"``: never, or ``"opt-out"``: where the site's terms allow
    it. Each artist's own word outweighs it, on the page of their works and outcomes."""
    WATCH_PSI: float = 0.25
    """An alert is raised where the scores of a week are further from their reference than this (PSI)."""
    WATCH_FLAG_RATE: float = 0.2
    """... where surely (95 %) more than this share of a week's works is flagged."""
    WATCH_OVERTURNED: float = 0.5
    """... where people surely overturn more than this share of a week's flags."""
    WATCH_AGREEMENT: float = 0.8
    """... where blind second looks surely agree less often than this."""
    WATCH_LEAST: int = 30
    """No figure of fewer works raises an alert."""
    EVIDENCE: tuple[str, ...] = (
        "moderation.evidence.generator_metadata.GeneratorMetadata",
        "moderation.evidence.novelai_stealth.NovelAIStealth",
        "moderation.evidence.content_credentials.ContentCredentials",
        "moderation.evidence.seen_before.SeenBefore",
    )
    """Dotted paths of the evidence readers, in the order in which their findings are shown."""
    BATCH_SIZE: int = 8
    """Pictures that a worker claims at once."""
    LEASE_SECONDS: int = 180
    """How long a claimed screening is a worker's own; after that it counts as killed and is taken back."""
    TASK_SECONDS: int = 60
    """How long one task goes on claiming before it rings the bell again and ends."""
    MAX_ATTEMPTS: int = 3
    """After so many tries a person looks instead."""
    RETRY_SECONDS: int = 20
    """Pause before the second try; doubles with each further one."""
    LOOK_SECONDS: int = 30
    """Processor time that one look (decoding and reading marks) may take; the kernel ends a worker that takes more."""
    LOOK_MEMORY_MB: int = 1536
    """Memory that one look may take beyond what its worker holds already."""
    MAX_BYTES: int = 20 * 1024 * 1024
    """Largest file that is read for a screening."""
    C2PA_TRUST_ANCHORS: str = ""
    """Path of a PEM file with the roots whose Content Credentials are trusted; empty trusts none by name."""
    CASE_LEASE_SECONDS: int = 300
    """How long an open case page keeps a case for one moderator."""
    APPEAL_DAYS: int = 184
    """How long an artist may appeal after a decision (six months, as EU DSA art. 20 asks)."""
    APPEAL_MAX_FILES: int = 10
    """Files that an appeal may carry."""
    APPEAL_MAX_FILE_BYTES: int = 100 * 1024 * 1024
    """Largest file of an appeal."""
    APPEAL_MAX_TOTAL_BYTES: int = 300 * 1024 * 1024
    """Most bytes of an appeal's files together."""
    APPEAL_FILE_DAYS: int = 90
    """How long an appeal's files are kept after it was answered; ``forget_appeal_files`` deletes them then."""
    ADDRESS_DAYS: int = 90
    """How long the address that a notice was sent to is kept."""
    WITHDRAWN_DAYS: int = 365
    """How long title, small picture and evidence of a work are kept after its object was deleted."""
    PRIVATE_STORAGE: str = "moderation-private"
    """Alias in ``STORAGES`` for files that nobody else may see; see ``moderation.workfiles.storage``."""
    SITE_URL: str = ""
    """The site's address (``https://art.example``), for the links in mails."""
    RULES_URL: str = ""
    """Where the site's rules stand, for statements of reasons; a path or an address."""
    LANGUAGE_OF: str = ""
    """Dotted path of a function that takes a user and returns their language code; empty takes ``LANGUAGE_CODE``.
    Mails and the texts of decisions are written in it."""
    TIME_ZONE_OF: str = ""
    """Dotted path of a function that takes a user and returns the name of their time zone (``Asia/Tokyo``); empty
    takes ``TIME_ZONE``. Times in mails are told in it."""
    NOTICE_ATTEMPTS: int = 6
    """After so many tries a notice counts as failed; the admin shows it."""


def _load() -> ModerationSettings:
    given: dict[str, Any] = dict(getattr(django_settings, "MODERATION", {}))
    known = {item.name for item in fields(ModerationSettings)}
    values = {key: value for key, value in given.items() if key in known}
    for name in ("EVIDENCE", "ARTEFACTS"):
        if name in values:
            values[name] = tuple(values[name])
    return ModerationSettings(**values)


class _LazySettings:
    """Forwards to the current ``ModerationSettings``; loaded on first use, forgotten when a test overrides."""

    _loaded: ModerationSettings | None = None

    def __getattr__(self, name: str) -> Any:
        if self._loaded is None:
            self._loaded = _load()
        return getattr(self._loaded, name)

    def forget(self) -> None:
        self._loaded = None


settings = _LazySettings()


@receiver(setting_changed)
def _forget_on_change(*, setting: str, **kwargs: Any) -> None:
    if setting == "MODERATION":
        settings.forget()


def beat_schedule(
    *, sweep_seconds: float = 30, missed_seconds: float = 3600, count_seconds: float = 300
) -> dict[str, dict[str, Any]]:
    """Return the periodic entries that the host merges into its ``CELERY_BEAT_SCHEDULE``.

    ``sweep_seconds``: how often leases that ran out and bells that were lost are looked for; ``missed_seconds``: how
    often the host's tables are searched for objects that were written without signals, and its disk for detectors;
    ``count_seconds``: how often stored scores are counted for the policy page. Notices leave, appeals' files are read,
    events sealed, detectors checked and works judged again at the sweeper's pace; files past their time are deleted
    once a day. (Called while the host's settings are being read, so it may read none itself.)
    """
    return {
        "moderation-sweep": {"task": "moderation.tasks.sweep", "schedule": sweep_seconds},
        "moderation-sweep-missed": {"task": "moderation.tasks.sweep_missed", "schedule": missed_seconds},
        "moderation-notices": {"task": "moderation.tasks.send_notices", "schedule": sweep_seconds},
        "moderation-appeal-files": {"task": "moderation.tasks.read_appeal_files", "schedule": sweep_seconds},
        "moderation-seal": {"task": "moderation.tasks.seal_log", "schedule": sweep_seconds},
        "moderation-gate": {"task": "moderation.tasks.check_gate", "schedule": sweep_seconds},
        "moderation-detectors": {"task": "moderation.tasks.find_detectors", "schedule": missed_seconds},
        "moderation-count-scores": {"task": "moderation.tasks.count_scores", "schedule": count_seconds},
        "moderation-rejudge": {"task": "moderation.tasks.rejudge", "schedule": sweep_seconds},
        "moderation-watch": {"task": "moderation.tasks.watch", "schedule": missed_seconds},
        "moderation-retention": {"task": "moderation.tasks.retain", "schedule": 24 * 60 * 60},
    }
