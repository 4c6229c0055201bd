"""Settings as a fresh process reads them from its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
import django; django.setup()  # lazy texts can be read from here on
from marketplace import settings
names = [name for name in dir(settings) if name.isupper()]
json.dump({name: getattr(settings, name) for name in names}, sys.stdout, default=str)
"""


def _run(program: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:marketplace", "-c", program],
        cwd=ROOT,
        env={**clean, "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _settings(tmp_path: Path, **environment: str) -> dict[str, Any]:
    done = _run(PROGRAM, tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_without_an_environment_everything_is_shut(tmp_path: Path) -> None:
    found = _settings(tmp_path)
    assert found["DEBUG"] is False
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 31536000
    assert found["X_FRAME_OPTIONS"] == "DENY"
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert (found["USE_TZ"], found["TIME_ZONE"]) == (True, "UTC")
    assert "SECURE_PROXY_SSL_HEADER" not in found  # a header that anyone could send is not trusted unasked
    policy = json.dumps(found["CONTENT_SECURITY_POLICY"])
    assert "unsafe" not in policy
    assert "*" not in policy
    sqlite = found["DATABASES"]["default"]
    assert sqlite["NAME"] == str(tmp_path / "db.sqlite3")
    assert sqlite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert sqlite["OPTIONS"]["timeout"] >= 10
    assert "journal_mode=WAL" in sqlite["OPTIONS"]["init_command"]
    assert found["STORAGES"]["default"]["BACKEND"].endswith("FileSystemStorage")
    assert found["STORAGES"]["staticfiles"]["BACKEND"].endswith("CompressedManifestStaticFilesStorage")


def test_a_message_is_never_lost_or_doubled_by_its_settings(tmp_path: Path) -> None:
    found = _settings(tmp_path)
    assert found["CELERY_TASK_ACKS_LATE"] is True
    assert found["CELERY_TASK_REJECT_ON_WORKER_LOST"] is True
    assert found["CELERY_WORKER_PREFETCH_MULTIPLIER"] == 1
    assert found["CELERY_RESULT_BACKEND"] is None
    visibility = found["CELERY_VISIBILITY_TIMEOUT"]
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"] == visibility
    assert found["CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS"]["visibility_timeout"] == visibility
    assert found["CELERY_TASK_SOFT_TIME_LIMIT"] < found["CELERY_TASK_TIME_LIMIT"] <= visibility / 4
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["socket_connect_timeout"] <= 2
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["socket_timeout"] <= 2
    assert found["CELERY_TASK_PUBLISH_RETRY"] is False
    tasks = {entry["task"] for entry in found["CELERY_BEAT_SCHEDULE"].values()}
    assert "moderation.tasks.sweep" in tasks


def test_services_come_from_the_environment(tmp_path: Path) -> None:
    found = _settings(
        tmp_path,
        DATABASE_URL="postgres://me:word@db.example:5433/brushmark",
        REDIS_URL="redis://cache.example:6379/3",
        S3_BUCKET="art",
        S3_ENDPOINT_URL="http://127.0.0.1:9000",
        S3_PREFIX="uploads",
        SECRET_KEY="$" + "k" * 50,  # a dollar is a letter of a key, not the start of another variable's name
        ALLOWED_HOSTS="a.example,b.example",
        CSRF_TRUSTED_ORIGINS="https://a.example",
        HTTPS_PROXY_HEADER="on",
        WORKER_CONCURRENCY="3",
    )
    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "brushmark")
    assert database["CONN_HEALTH_CHECKS"] is True
    assert "init_command" not in database.get("OPTIONS", {})
    assert found["CELERY_BROKER_URL"] == "redis://cache.example:6379/3"
    uploads = found["STORAGES"]["default"]
    assert uploads["BACKEND"] == "storages.backends.s3.S3Storage"
    assert uploads["OPTIONS"]["bucket_name"] == "art"
    assert uploads["OPTIONS"]["file_overwrite"] is False
    assert uploads["OPTIONS"]["location"] == "uploads"
    assert found["SECRET_KEY"] == "$" + "k" * 50
    assert found["SECRET_KEY_IS_LOCAL"] is False
    assert not (tmp_path / "secret-key").exists()
    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert found["CELERY_WORKER_CONCURRENCY"] == 3


def test_development_keeps_its_key_and_speaks_plain_http(tmp_path: Path) -> None:
    first = _settings(tmp_path, DEBUG="on")
    assert first["SECURE_SSL_REDIRECT"] is False
    assert first["SESSION_COOKIE_SECURE"] is False
    assert first["SECURE_HSTS_SECONDS"] == 0
    assert len(first["SECRET_KEY"]) >= 50
    assert _settings(tmp_path, DEBUG="on")["SECRET_KEY"] == first["SECRET_KEY"]


@pytest.mark.parametrize(
    ("environment", "serves"),
    [({}, False), ({"SECRET_KEY": "k" * 50}, True), ({"DEBUG": "on"}, True)],
    ids=["nothing set", "a key", "development"],
)
def test_the_site_is_not_served_with_a_key_of_the_moment(
    environment: dict[str, str], serves: bool, tmp_path: Path
) -> None:
    (tmp_path / "static").mkdir()
    done = _run("import marketplace.wsgi", tmp_path, **environment)
    assert (done.returncode == 0) is serves, done.stderr
    if not serves:
        assert "Set SECRET_KEY in the environment" in done.stderr


def test_two_connections_write_at_once_without_a_locked_error(tmp_path: Path) -> None:
    """What web and worker do to one SQLite file all day."""
    program = """
import os, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
import django; django.setup()
from django.core.management import call_command
from django.db import connection, transaction
from django.contrib.auth.models import Group
call_command("migrate", verbosity=0, interactive=False)
faults = []
def write(number):
    try:
        for turn in range(40):
            with transaction.atomic():
                Group.objects.filter(name="x").count()      # read first: the order in which SQLite deadlocks
                Group.objects.create(name=f"{number}-{turn}")
    except Exception as error:
        faults.append(repr(error))
    finally:
        connection.close()
threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(faults, Group.objects.filter(name__contains="-").count())
"""
    done = _run(program, tmp_path)
    assert done.stdout.strip() == "[] 160", done.stdout + done.stderr


def test_what_comes_with_an_appeal_lies_apart_from_the_public_files(tmp_path: Path) -> None:
    local = _settings(tmp_path)["STORAGES"]
    assert local["moderation-private"]["OPTIONS"]["location"] == str(tmp_path / "private")
    bucket = _settings(tmp_path, S3_BUCKET="art", S3_PREFIX="uploads")["STORAGES"]
    assert bucket["moderation-private"]["OPTIONS"]["location"] == "uploads/private"
    assert bucket["moderation-private"]["OPTIONS"]["querystring_auth"] is True
    assert _settings(tmp_path, S3_BUCKET="art")["STORAGES"]["moderation-private"]["OPTIONS"]["location"] == "private"


def test_links_in_mails_lead_to_the_sites_address(tmp_path: Path) -> None:
    found = _settings(tmp_path, SITE_URL="https://art.example", RULES_URL="/rules")["MODERATION"]
    assert (found["SITE_URL"], found["RULES_URL"]) == ("https://art.example", "/rules")


@pytest.mark.parametrize("has_mailers", [True, False])
def test_an_address_of_a_mail_server_is_told_in_the_words_of_this_django(
    monkeypatch: pytest.MonkeyPatch, has_mailers: bool
) -> None:
    import environ

    from marketplace import mail

    monkeypatch.setattr(mail, "HAS_MAILERS", has_mailers)
    found = mail.mail_settings(environ.Env().email_url_config("smtp+tls://ada:secret@mail.example:2525"))
    if not has_mailers:
        assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.example", 2525, True)
        return
    assert found["MAILERS"]["default"] == {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": "mail.example",
            "port": 2525,
            "username": "ada",
            "password": "secret",
            "use_tls": True,
        },
    }
