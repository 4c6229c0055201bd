"""Take the docs' pictures from a running demo: start ``make demo``, then ``python docs/screenshots.py`` beside it.

Only the demo's own painted pictures may be on show: none of the labelled ones may be redistributed.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).parent / "images"
CASE = "the most urgent case"
SHOTS = {
    # name: (who, address, width, colour scheme)
    "queue": ("tomas", "/moderation/", 1280, "light"),
    "queue-dark": ("tomas", "/moderation/?layout=grid", 1280, "dark"),
    "case": ("tomas", CASE, 1280, "light"),
    "works": ("mira", "/works", 1280, "light"),
    "works-phone": ("mira", "/works", 390, "dark"),
    "gallery": ("", "/", 1280, "light"),
}


def main() -> int:
    """Take every shot and write it as WebP."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--password", action="append", default=[], metavar="NAME=PASSWORD", help="as the demo prints")
    options = parser.parse_args()
    passwords = dict(pair.split("=", 1) for pair in options.password)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.stderr.write("Chromium is needed (Debian: apt-get install chromium).\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name, (who, path, width, scheme) in SHOTS.items():
            data = shoot(browser, options.address, path, width, scheme, who, passwords.get(who, ""))
            Image.open(io.BytesIO(data)).save(IMAGES / f"{name}.webp", quality=82, method=6)
            sys.stdout.write(f"{name}.webp {(IMAGES / f'{name}.webp').stat().st_size // 1024} KB\n")
        browser.close()
    return 0


def shoot(browser: Browser, address: str, path: str, width: int, scheme: str, who: str, password: str) -> bytes:
    """Return one page as PNG."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    if who:
        page.goto("/sign-in")
        page.get_by_label("Name").fill(who)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
    page.goto("/moderation/" if path == CASE else path)
    if path == CASE:
        page.get_by_role("button", name="Next case").click()
    page.wait_for_load_state("networkidle")
    data = page.screenshot()
    context.close()
    return data


if __name__ == "__main__":
    sys.exit(main())
