"""The shop's settings, those of a small site: SQLite, and whatever `startproject` left out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import django

from moderation.conf import beat_schedule

HERE = Path(__file__).parent

SECRET_KEY = "a key for tests"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "tests.hosts.inkpress.urls"
INSTALLED_APPS = [
    "tests.hosts.inkpress.apps.InkpressConfig",
    "moderation",
    "django_htmx",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
AUTH_USER_MODEL = "inkpress.Member"
LOGIN_URL = "/enter/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LANGUAGE_CODE = "en"
USE_TZ = True
STATIC_URL = "assets/"
MEDIA_ROOT = tempfile.gettempdir()

if django.VERSION >= (6, 1):  # where Django wants to be told how mail leaves
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "shelf": {"BACKEND": "tests.hosts.inkpress.storage.ShelfStorage"},
    "moderation-private": {"BACKEND": "tests.hosts.inkpress.storage.ShelfStorage", "OPTIONS": {"folder": "private"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

CELERY_BROKER_URL = "memory://"
CELERY_BEAT_SCHEDULE = beat_schedule(sweep_seconds=60)

MODERATION = {
    "CLASSIFIER": "tests.stubs.RedClassifier",
    "EVIDENCE": [
        "moderation.evidence.generator_metadata.GeneratorMetadata",
        "tests.hosts.inkpress.adapters.SampleSheet",
    ],
    "LANGUAGE_OF": "tests.hosts.inkpress.adapters.language_of",
    "SITE_URL": "https://inkpress.example",
    "RULES_URL": "/rules/",
}
