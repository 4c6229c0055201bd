"""The web server's entry: ``gunicorn marketplace.wsgi``."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - settings are read by the line above

if settings.SECRET_KEY_IS_LOCAL and not settings.DEBUG:
    # A key kept in var/ differs from machine to machine and is lost with the disk: sessions would come and go.
    raise ImproperlyConfigured("Set SECRET_KEY in the environment to serve the site, or DEBUG=on to develop it.")
