"""The example site's settings. Everything that differs between machines comes from the environment.

| variable | default | meaning |
| --- | --- | --- |
| ``DEBUG`` | off | Django's debug pages; development only |
| ``SECRET_KEY`` | kept in ``var/`` | required to serve the site with ``DEBUG`` off |
| ``ALLOWED_HOSTS`` | ``localhost,127.0.0.1,[::1]`` | comma-separated host names |
| ``CSRF_TRUSTED_ORIGINS`` | none | comma-separated origins, with scheme |
| ``HTTPS`` | on unless ``DEBUG`` | secure cookies, redirect to HTTPS, HSTS |
| ``HTTPS_PROXY_HEADER`` | off | trust ``X-Forwarded-Proto`` from the proxy in front |
| ``VAR_DIR`` | ``var`` | database, uploads, static files, kept secret |
| ``DATABASE_URL`` | SQLite in ``VAR_DIR`` | ``postgres://user:password@host/name`` |
| ``REDIS_URL`` | ``redis://127.0.0.1:6379/0`` | broker and shared cache; ``redis+socket:///path`` for a unix socket |
| ``TRUSTED_PROXIES`` | ``0`` | how many proxies of ours write ``X-Forwarded-For`` in front of the site |
| ``UPLOADS_PER_HOUR`` | ``300`` | pictures that one artist may send in an hour |
| ``S3_BUCKET`` | none: files in ``VAR_DIR/media`` | uploads go to this bucket (``django-storages``) |
| ``S3_ENDPOINT_URL``, ``S3_REGION``, ``S3_PREFIX`` | none | where the bucket is, and a folder in it |
| ``SITE_URL``, ``RULES_URL`` | none | the site's address and its rules' page, for links in mails |
| ``EMAIL_URL`` | ``consolemail://`` | where mail goes |
| ``LOG_LEVEL`` | ``INFO`` | what is logged to standard error |
| ``LOG_FORMAT`` | ``line`` | ``json``: one object a line, with the work's reference and the task's id |
| ``METRICS_TOKEN`` | none: no metrics | who sends it as ``Authorization: Bearer`` reads ``/metrics`` |
| ``WORKER_CONCURRENCY`` | one a core | processes of a Celery worker |
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF

from marketplace.keys import kept_secret
from marketplace.mail import mail_settings
from moderation.conf import beat_schedule

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG: bool = env.bool("DEBUG", default=False)
HTTPS: bool = env.bool("HTTPS", default=not DEBUG)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

# Read as it is: django-environ takes a value that begins with "$" for another variable's name, and keys may do so.
SECRET_KEY: str = os.environ.get("SECRET_KEY", "")
SECRET_KEY_IS_LOCAL = not SECRET_KEY
if SECRET_KEY_IS_LOCAL:
    SECRET_KEY = kept_secret(VAR_DIR / "secret-key")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "marketplace",
    "moderation",
    "django_htmx",
    "django_filters",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marketplace.middleware.reader_time_zone",
    "marketplace.middleware.remember_reader",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.context_processors.chrome",
            ],
        },
    },
]

# --- Data ----------------------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Web and worker write to one file. WAL lets readers go on while one writes; IMMEDIATE takes the write lock when
    # the transaction begins, where waiting is possible, rather than in the middle, where SQLite can only fail.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    )
else:
    DATABASES["default"].update({"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

S3_BUCKET: str = env.str("S3_BUCKET", default="")
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "media/"  # no route serves it: pictures leave through the moderation app, which asks who may see them
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"

_static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if DEBUG:
    _static = "django.contrib.staticfiles.storage.StaticFilesStorage"


def _uploads(prefix: str, **local: Any) -> dict[str, Any]:
    """Return a storage for files that people send: a folder of this machine's, or a prefix in the bucket."""
    if not S3_BUCKET:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": local}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default=None),
            "region_name": env.str("S3_REGION", default=None),
            "location": prefix,
            "file_overwrite": False,  # a decision belongs to the exact bytes it was made on
            "default_acl": None,
            "querystring_auth": True,
        },
    }


_prefix: str = env.str("S3_PREFIX", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": _uploads(_prefix),
    # What artists send with an appeal. Never public: the plugin's own address leads to it, and asks who reads.
    "moderation-private": _uploads(f"{_prefix}/private".lstrip("/"), location=VAR_DIR / "private"),
    "staticfiles": {"BACKEND": _static},
}

# An upload is one picture of at most 20 MB and a few short fields. Whatever is larger than a page of text goes to a
# temporary file while it arrives, so that many uploads at once do not fill the memory.
UPLOAD_MAX_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # the fields beside the files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
FILE_UPLOAD_HANDLERS = [
    "marketplace.uploadhandler.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Moderation and its worker -------------------------------------------------------------------------------------

MODERATION: dict[str, Any] = {
    "SITE_URL": env.str("SITE_URL", default=""),
    "RULES_URL": env.str("RULES_URL", default=""),
    "LANGUAGE_OF": "marketplace.selectors.language_of",
    "TIME_ZONE_OF": "marketplace.selectors.time_zone_of",
}

# The pending rows in the database are the queue; a Celery message is only a bell that says "look there". So nothing
# is kept in a result backend, and whatever happens to a message may cost time but never a picture.
CELERY_BROKER_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_TASK_DEFAULT_QUEUE = "brushmark"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Redis hands a message out again when it was not acknowledged in this time. A task that may run longer would run
# twice at once, so the time limit stays far below. Celery reads the value in three places: all three are set.
CELERY_VISIBILITY_TIMEOUT = 60 * 60
CELERY_TASK_TIME_LIMIT = 10 * 60
CELERY_TASK_SOFT_TIME_LIMIT = 9 * 60
# A request that uploads a picture also rings the bell. With the broker down it must fail fast, not wait.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "socket_keepalive": True,
    "max_retries": 0,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_CONCURRENCY: int = env.int("WORKER_CONCURRENCY", default=os.cpu_count() or 1)
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 800_000  # KiB; a worker needs about 250 MB. More than this is a leak
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = beat_schedule()
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# What all web processes must count together (throttling.py). It keeps nothing that may not be lost.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CELERY_BROKER_URL.replace("redis+socket://", "unix://"),
        "KEY_PREFIX": "brushmark",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
UPLOADS_PER_HOUR: int = env.int("UPLOADS_PER_HOUR", default=300)
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)

# --- People --------------------------------------------------------------------------------------------------------

LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "gallery"
AUTHENTICATION_BACKENDS = ["marketplace.throttling.SignInThrottle", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]  # each in its own words, for whoever looks for theirs
LOCALE_PATHS = [BASE_DIR / "marketplace" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"

vars().update(mail_settings(env.email("EMAIL_URL", default="consolemail://")))
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Brushmark <no-reply@localhost>")

# --- Security ------------------------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # scripts take the token from the page (hx-headers), not from the cookie
CSRF_FAILURE_VIEW = "marketplace.views.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked from inside, in plain HTTP
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if env.bool("HTTPS_PROXY_HEADER", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "blob:", "data:"],  # blob: previews of files not yet uploaded; data: icons in style sheets
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}

METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# --- Logs ----------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"},
        "json": {"()": "moderation.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": env.str("LOG_FORMAT", default="line")}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["stderr"], "propagate": False},
    },
}
