"""One look at one file: decode once, let every reader find what it can, then score. Nothing is written.

The worker and ``manage.py screen`` share this: what a command says about a file is what the site would say.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop as _

from ml.cards import ArtefactError
from ml.probe import ArtworkError
from moderation.conf import settings
from moderation.evidence import declaration
from moderation.evidence.base import Evidence, EvidenceReader, Strength, Subject
from moderation.evidence.classifier import classifier_for
from moderation.refusals import refusal
from moderation.saying import say
from moderation.timing import timed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ml.artwork import Artwork as Pixels
    from moderation.evidence.classifier import Classifier
    from moderation.models import Detector

logger = logging.getLogger(__name__)


class FileProblem(Exception):
    """A file could not be screened. ``final`` says that trying again would not help; ``str()`` is for people.

    ``evidence`` is what could be found all the same: a file without pixels may still carry its maker's marks.
    """

    def __init__(self, code: str, message: str, *, final: bool, evidence: Sequence[Evidence] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.final = final
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Look:
    """What was found apart from the score: the pixels in the detector's form, the findings, the readers' memo."""

    pixels: Pixels
    evidence: list[Evidence]
    memo: Mapping[str, Any]


@timed("look")
def look_at(
    data: bytes, *, declared_origin: str = "", artwork_id: int | None = None, owner_id: int | None = None
) -> Look:
    """Decode ``data`` and gather the findings. Raises ``FileProblem`` when there are no pixels to look at."""
    from ml.artwork import read_artwork  # numpy: wanted in a worker, not in a web process

    subject = Subject(
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        declared_origin=declared_origin,
        artwork_id=artwork_id,
        owner_id=owner_id,
    )
    try:
        pixels = read_artwork(data)
    except ArtworkError as error:
        raise FileProblem(error.code, refusal(error), final=True, evidence=_findings(subject)) from error
    except MemoryError as error:
        message = say(_("The picture needs more memory than a worker has."))
        raise FileProblem("memory", message, final=False) from error
    except Exception as error:
        # A crash barrier round third-party decoders on hostile bytes: the next picture must not pay for this one.
        logger.exception("A decoder failed in an unforeseen way")
        message = say(_("The picture could not be decoded."))
        raise FileProblem("decoder", message, final=True, evidence=_findings(subject)) from error
    subject = replace(subject, artwork=pixels)
    return Look(pixels, _findings(subject), subject.memo)


def _findings(subject: Subject) -> list[Evidence]:
    found = [finding for reader in readers() for finding in _read(reader, subject)]
    return [*found, *declaration.mismatch(subject.declared_origin, found)]


def classifier_of(detector: Detector) -> Classifier:
    """Return the classifier of a detector of the registry. Raises ``FileProblem`` (not final) when it is not there."""
    try:
        return classifier_for(detector.name, detector.version)
    except (ArtefactError, ImportError, OSError) as error:
        raise _cannot_run(error) from error


@timed("score")
def score_all(model: Classifier, looks: Sequence[Look]) -> list[float]:
    """Return the probability of each look (0..1). Raises ``FileProblem`` (not final) when the model cannot run."""
    try:
        return model.score([look.pixels for look in looks])
    except (ArtefactError, ImportError, OSError, MemoryError) as error:
        raise _cannot_run(error) from error


def _cannot_run(error: Exception) -> FileProblem:
    logger.error("The detector cannot run", exc_info=error)
    message = say(_("The detector could not run ({error})."), error=type(error).__name__)
    return FileProblem("detector", message, final=False)


@lru_cache(maxsize=4)
def _readers(paths: tuple[str, ...]) -> tuple[EvidenceReader, ...]:
    return tuple(import_string(path)() for path in paths)


def readers() -> tuple[EvidenceReader, ...]:
    """Return the configured readers, made once a process."""
    return _readers(settings.EVIDENCE)


def _read(reader: EvidenceReader, subject: Subject) -> list[Evidence]:
    try:
        return list(reader.read(subject))
    except DatabaseError:
        raise  # not the file's fault: the screening is tried again
    except Exception as error:
        # A crash barrier round a reader (a host may have written it): a broken mark never stops a screening.
        logger.exception("The evidence reader %s failed", reader.name)
        return [
            Evidence(
                kind="unreadable_metadata",
                strength=Strength.HINT,
                message=say(_("The reader {name} failed on this file, so its marks are not known."), name=reader.name),
                artist_message=say(_("Some of the file's metadata could not be read.")),
                reader=f"{reader.name}/{reader.version}",
                details={"error": type(error).__name__},
            )
        ]
