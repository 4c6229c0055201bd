"""The site's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.i18n import set_language

from marketplace.health import healthz, metrics, readyz
from marketplace.views import public, works
from marketplace.views.accounts import SignIn

urlpatterns = [
    path("", public.gallery, name="gallery"),
    path("home", public.home, name="home"),
    path("art/<uuid:public_id>", public.listing, name="listing"),
    path("works", works.my_works, name="my_works"),
    path("works/new", works.upload, name="upload"),
    path("works/declare", works.declare, name="declare"),
    path("works/<uuid:public_id>/edit", works.edit, name="edit"),
    path("works/<uuid:public_id>/withdraw", works.withdraw, name="withdraw"),
    path("works/<uuid:public_id>/delete", works.delete, name="delete"),
    path("sign-in", SignIn.as_view(), name="sign_in"),
    path("sign-out", auth.LogoutView.as_view(), name="sign_out"),
    path("theme", public.theme, name="theme"),
    path("language", set_language, name="set_language"),
    path("moderation/", include("moderation.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", public.favicon),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
