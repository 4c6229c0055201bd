"""Everybody reads the site, and is written to, in their own language and time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from marketplace import selectors
from marketplace.models import Reader

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_browsers_language_is_the_pages(client: Client) -> None:
    page = client.get(reverse("gallery"), headers={"accept-language": "ja,en;q=0.5"})
    assert '<html lang="ja"' in page.content.decode()
    assert '<html lang="en"' in client.get(reverse("gallery"), headers={"accept-language": "tlh"}).content.decode()


def test_a_language_is_chosen_in_the_footer_and_kept_without_scripts(client: Client) -> None:
    page = client.get(reverse("gallery") + "?made=people").content.decode()
    assert '<button name="language" value="ja" lang="ja" aria-pressed="false">日本語</button>' in page
    answer = client.post(reverse("set_language"), {"language": "ja", "next": "/?made=people"})
    assert answer["Location"] == "/?made=people"
    page = client.get(answer["Location"], headers={"accept-language": "en"}).content.decode()
    assert '<html lang="ja"' in page
    assert 'value="ja" lang="ja" aria-pressed="true"' in page
    assert 'value="en" lang="en" aria-pressed="false">English<' in page  # each language in its own words


def test_the_way_back_never_leads_to_another_site(client: Client) -> None:
    answer = client.post(reverse("set_language"), {"language": "ja", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_how_a_person_reads_is_remembered_and_the_database_asked_only_when_it_changes(
    client: Client, artist: User
) -> None:
    client.force_login(artist)
    client.cookies["tz"] = "Asia/Tokyo"
    client.get(reverse("my_works"), headers={"accept-language": "ja"})
    assert (selectors.language_of(artist), selectors.time_zone_of(artist)) == ("ja", "Asia/Tokyo")
    Reader.objects.all().delete()
    client.get(reverse("my_works"), headers={"accept-language": "ja"})
    assert not Reader.objects.exists()  # nothing changed: nothing was written
    client.get(reverse("my_works"), headers={"accept-language": "en"})
    assert selectors.language_of(artist) == "en"


def test_a_browser_without_scripts_leaves_the_zone_that_was_known(client: Client, artist: User) -> None:
    Reader.objects.create(user=artist, language="ja", time_zone="Asia/Tokyo")
    client.force_login(artist)
    client.get(reverse("my_works"))
    assert (selectors.language_of(artist), selectors.time_zone_of(artist)) == ("en", "Asia/Tokyo")


def test_a_zone_that_a_cookie_makes_up_is_utc(client: Client, artist: User) -> None:
    client.force_login(artist)
    client.cookies["tz"] = "../../etc/passwd"
    client.get(reverse("my_works"))
    assert selectors.time_zone_of(artist) == "UTC"


def test_a_visitor_is_not_remembered(client: Client) -> None:
    client.get(reverse("gallery"), headers={"accept-language": "ja"})
    assert not Reader.objects.exists()
