"""Where mail goes, in the words of the Django that runs: ``EMAIL_*`` up to 6.0, ``MAILERS`` from 6.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from collections.abc import Mapping

HAS_MAILERS = django.VERSION >= (6, 1)

_OPTIONS = {
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
    "EMAIL_FILE_PATH": "file_path",
}


def mail_settings(address: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings for ``address``, which is what ``environ`` makes of ``EMAIL_URL``."""
    if not HAS_MAILERS:
        return dict(address)
    options = {_OPTIONS[name]: value for name, value in address.items() if name in _OPTIONS and value}
    return {"MAILERS": {"default": {"BACKEND": address["EMAIL_BACKEND"], "OPTIONS": options}}}
