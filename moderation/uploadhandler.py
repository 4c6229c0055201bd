"""Stops a file of an appeal that is larger than allowed, while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload, TemporaryFileUploadHandler

from moderation.conf import settings

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest

SPARE = 1024 * 1024
"""What the form's other fields and the parts' headers may add to the files."""


class EvidenceUploadHandler(FileUploadHandler):
    """Drop a file at its first byte past ``APPEAL_MAX_FILE_BYTES``; cut off a body that could never be accepted.

    The request then carries ``evidence_too_large = True``, from which the view makes its sentence.
    """

    chunk_size = 256 * 1024

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Note whether the body announces more than all files together may have."""
        self._is_beyond_reason = content_length > settings.APPEAL_MAX_TOTAL_BYTES + SPARE

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Count anew for each file; cut the connection where the whole body could never be accepted."""
        if self._is_beyond_reason:
            self._mark()
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the bytes on to the handler that keeps them, until there are too many."""
        self._received += len(raw_data)
        if self._received > settings.APPEAL_MAX_FILE_BYTES:
            self._mark()
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """Leave making the file to the handler after this one."""
        return None

    def _mark(self) -> None:
        if self.request is not None:
            self.request.evidence_too_large = True  # type: ignore[attr-defined]


def take_evidence(request: HttpRequest) -> None:
    """Let ``request``'s files go to temporary files, bounded. To be called before anything reads the body."""
    request.upload_handlers = [EvidenceUploadHandler(request), TemporaryFileUploadHandler(request)]
