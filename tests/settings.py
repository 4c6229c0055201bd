"""The example site's settings as the tests run them: plain HTTP, no collected static files, quick passwords."""

import os
import tempfile

os.environ.setdefault("HTTPS", "off")
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="brushmark-tests-"))

from marketplace.settings import *  # noqa: F403

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405 - WhiteNoise warns where it is missing
