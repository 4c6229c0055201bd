"""Stops an upload that is larger than any picture may be, while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile


class BoundedUploadHandler(FileUploadHandler):
    """Drop a file at the first byte past ``UPLOAD_MAX_BYTES``; the other fields of the form still arrive.

    The request then carries ``upload_too_large = True``, from which the form makes its error. A request so large
    that even reading it to the end would hurt is cut off.
    """

    chunk_size = 64 * 1024

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Note whether the body announces more than ten pictures' worth of bytes."""
        self._is_beyond_reason = content_length > 10 * settings.UPLOAD_MAX_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Count anew for each file; cut the connection where the whole body is beyond reason."""
        if self._is_beyond_reason:
            self._mark()
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the bytes on to the handlers that store them, until there are too many."""
        self._received += len(raw_data)
        if self._received > settings.UPLOAD_MAX_BYTES:
            self._mark()
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """Leave making the file to the handlers after this one."""
        return None

    def _mark(self) -> None:
        if self.request is not None:
            self.request.upload_too_large = True  # type: ignore[attr-defined]
