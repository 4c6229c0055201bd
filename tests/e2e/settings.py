"""The example site as the browser tests run it: real processes, plain HTTP, style files straight from the source."""

import os

from marketplace.settings import *  # noqa: F403

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "E2E_CLASSIFIER" in os.environ:
    MODERATION["CLASSIFIER"] = os.environ["E2E_CLASSIFIER"]  # noqa: F405
