"""The plugin's addresses, to be included by the host under the namespace ``moderation``."""

from __future__ import annotations

from django.urls import path

from moderation.views import artworks

app_name = "moderation"

urlpatterns = [
    path("artworks/<uuid:reference>/", artworks.artwork, name="artwork"),
    path("artworks/<uuid:reference>/file", artworks.artwork_file, name="artwork_file"),
    path("artworks/<uuid:reference>/status", artworks.artwork_status, name="artwork_status"),
]
