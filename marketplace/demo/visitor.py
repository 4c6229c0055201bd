"""A visitor of the site who does what a browser does: keeps cookies, reads the form, sends it back with its token."""

from __future__ import annotations

import http.client
import http.cookiejar
import mimetypes
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Refused(Exception):
    """The site did not take what was sent; ``str(error)`` is what its page said."""


class _Page(HTMLParser):
    """The hidden fields of a page's forms and the errors that it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.errors: list[str] = []
        self._in_error = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "input" and named.get("type") == "hidden" and named.get("name"):
            self.hidden[str(named["name"])] = named.get("value") or ""
        classes = (named.get("class") or "").split()
        if ("bm-field__error" in classes or named.get("role") == "alert") and "hidden" not in named:
            self._in_error = True
            self.errors.append("")

    def handle_data(self, data: str) -> None:
        if self._in_error:
            self.errors[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._in_error = False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


@dataclass(slots=True)
class Visitor:
    """One visitor with a cookie jar of their own. ``base`` is the site's address without a slash at the end."""

    base: str
    timeout: float = 60.0
    _opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        # No proxy: the site is on this machine, whatever the environment says about the way out.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar, _NoRedirect())

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page."""
        return self._send(urllib.request.Request(self.base + path))  # noqa: S310 - http, to our own site

    def sign_in(self, name: str, password: str) -> None:
        """Sign in through the sign-in page. Raises ``Refused``."""
        self._submit("/sign-in", {"username": name, "password": password})

    def offer(self, picture: Path, fields: Mapping[str, str]) -> None:
        """Offer a work through the upload page. Raises ``Refused`` with what the page says is wrong."""
        self._submit("/works/new", fields, picture)

    def _submit(self, path: str, fields: Mapping[str, str], picture: Path | None = None) -> None:
        status, text = self.get(path)
        if status != http.client.OK:
            raise Refused(f"{path} answered {status}.")
        form = _Page()
        form.feed(text)
        body, content_type = _multipart({**form.hidden, **fields}, picture)
        request = urllib.request.Request(  # noqa: S310
            self.base + path, data=body, headers={"Content-Type": content_type, "Referer": self.base + path}
        )
        status, text = self._send(request)
        if status in (http.client.FOUND, http.client.SEE_OTHER):
            return
        answer = _Page()
        answer.feed(text)
        said = [" ".join(error.split()) for error in answer.errors]
        raise Refused((said[1:] or said or [f"{path} answered {status}."])[0])

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return response.status, response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace")


def _multipart(fields: Mapping[str, str], picture: Path | None) -> tuple[bytes, str]:
    boundary = f"----brushmark{secrets.token_hex(12)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if picture is not None:
        kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
        name = picture.name.translate({ord(c): "_" for c in '"\\\r\n'})
        head = f'Content-Disposition: form-data; name="picture"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(f"--{boundary}\r\n{head}".encode() + picture.read_bytes() + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
