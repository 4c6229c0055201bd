"""Parsers of what generators write into their pictures: functions from a sheet to findings, one module a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moderation.evidence.generators import a1111, comfyui, novelai, programs, services
from moderation.evidence.generators.found import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moderation.evidence.sheet import Sheet

__all__ = ["Found", "find_all"]

# The more particular first: what one of them explained is not reported again under a more general name.
_SPECIFIC: tuple[Callable[[Sheet], Iterator[Found]], ...] = (
    novelai.find,
    programs.invokeai,
    programs.fooocus,
    programs.swarmui,
    programs.draw_things,
    programs.mochi,
    comfyui.find,
    a1111.find,
    services.midjourney,
    services.grok,
    services.aigc_label,
    services.iptc_system,
)


def find_all(sheet: Sheet) -> list[Found]:
    """Return everything that generators left in ``sheet``, each kind once."""
    found: dict[str, Found] = {}
    for parser in _SPECIFIC:
        for one in parser(sheet):
            found.setdefault(one.kind, one)
    # Fooocus can write the web UI's text, and ComfyUI's savers both: the first is Fooocus's alone.
    if "fooocus" in found:
        found.pop("a1111", None)
    settled = any(one.kind != "aigc-label" and one.kind != "a1111-postprocessing" for one in found.values())
    if not settled:
        for one in programs.settings_of_any(sheet):
            found.setdefault(one.kind, one)
            settled = True
    if not settled:
        # A bare name adds nothing to settings: NovelAI's files name Stable Diffusion as well.
        for one in services.named_maker(sheet):
            found.setdefault(one.kind, one)
    return list(found.values())
