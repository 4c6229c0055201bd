"""The shop's addresses; the plugin hangs under one of its choosing."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.urls import include, path

from tests.hosts.inkpress import views

urlpatterns = [
    path("designs/", views.designs),
    path("mine/", views.mine),
    path("enter/", LoginView.as_view(template_name="enter.html")),
    path("back-office/art/", include("moderation.urls")),
]
