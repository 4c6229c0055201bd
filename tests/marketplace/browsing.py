"""What the browser tests do again and again."""

from __future__ import annotations

from typing import Any


def sign_in(page: Any, name: str = "artist") -> None:
    """Sign the artist in, or somebody else."""
    page.goto("/sign-in")
    page.fill("#id_username", name)
    page.fill("#id_password", "brush")
    page.click("main button")
    page.wait_for_url("**/works")
