"""One summary a kind of working file. For a worker only: hostile files are opened here."""

from __future__ import annotations

import warnings
from typing import IO, TYPE_CHECKING

from PIL import Image

from ml.probe import DECODER_ERRORS, ArtworkError, DecoderMissing, Limits, TooLarge, probe
from moderation.conf import settings
from moderation.models.appeal import FileKind
from moderation.workfiles import archives, layered, recordings
from moderation.workfiles.summary import Summary, Unreadable, printable

if TYPE_CHECKING:
    from collections.abc import Callable

_SOFTWARE, _CHANGED, _EXIF, _CREATED = 305, 306, 34665, 36867


def summarise(file: IO[bytes], kind: str) -> Summary:
    """Return what ``file`` (seekable, at its beginning) tells. Raises ``Unreadable``; pixels are never decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged metadata and goes on; so do we
        return _READERS[FileKind(kind)](file)


def _picture(file: IO[bytes]) -> Summary:
    """Read size, program and dates from a picture's header. It may be as long as an appeal's file may be."""
    try:
        header = probe(file, Limits(max_bytes=settings.APPEAL_MAX_FILE_BYTES))  # type: ignore[arg-type]
        summary = Summary(width=header.width, height=header.height)
        file.seek(0)
        with Image.open(file, formats=[header.format]) as picture:
            exif = picture.getexif()
            summary.program = printable(str(exif.get(_SOFTWARE, "")))
            summary.changed = printable(str(exif.get(_CHANGED, "")), 40)
            summary.created = printable(str(exif.get_ifd(_EXIF).get(_CREATED, "")), 40)
    except DecoderMissing:
        return Summary(problem="no_reader")
    except TooLarge as error:
        raise Unreadable("too_much_inside") from error
    except ArtworkError as error:
        raise Unreadable("damaged") from error
    except DECODER_ERRORS:
        summary.problem = "damaged"
    return summary


def _clip_studio(file: IO[bytes]) -> Summary:
    """Recognise a Clip Studio Paint file: its layers stand in a database that is not opened here."""
    if file.read(8) != b"CSFCHUNK":
        raise Unreadable("not_what_it_says")
    return Summary(program="Clip Studio Paint", problem="no_reader")


_READERS: dict[FileKind, Callable[[IO[bytes]], Summary]] = {
    FileKind.PICTURE: _picture,
    FileKind.PSD: layered.photoshop,
    FileKind.KRA: archives.krita,
    FileKind.CLIP: _clip_studio,
    FileKind.XCF: layered.gimp,
    FileKind.PROCREATE: archives.procreate,
    FileKind.VIDEO: recordings.video,
}
