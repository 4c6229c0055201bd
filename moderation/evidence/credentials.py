"""A C2PA report in plain words: who signed, whether that holds, what was done to the picture.

The report is the JSON of c2pa-python's ``Reader``. Its texts come from the file: hostile, in any shape it likes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from moderation.evidence.source_types import SourceType, source_type
from moderation.evidence.text import plain
from moderation.saying import Saying, say

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MANIFESTS = 32
MAX_ACTIONS = 64

CHANGED = gettext_noop("the picture was changed after it was signed")
NOT_SIGNED = gettext_noop("the signature does not hold")
REVOKED = gettext_noop("the signer's certificate was revoked")
EXPIRED = gettext_noop("the signer is not on this site's trust list and the certificate has run out")
UNKNOWN_SIGNER = gettext_noop("the signer is not on this site's trust list")
UNCHECKED_SIGNER = gettext_noop("whether the signer can be trusted was not checked")

ACTIONS = {
    "c2pa.created": "created",
    "c2pa.opened": "opened an existing picture",
    "c2pa.placed": "placed another picture in it",
    "c2pa.edited": "edited",
    "c2pa.edited.metadata": "edited the metadata",
    "c2pa.color_adjustments": "adjusted colours",
    "c2pa.cropped": "cropped",
    "c2pa.drawing": "drew on it",
    "c2pa.filtered": "filtered",
    "c2pa.orientation": "turned",
    "c2pa.resized": "resized",
    "c2pa.removed": "removed a part",
    "c2pa.converted": "converted to another format",
    "c2pa.transcoded": "re-encoded",
    "c2pa.repackaged": "repackaged",
    "c2pa.published": "published",
    "c2pa.redacted": "removed part of the record",
    "c2pa.watermarked": "watermarked",
    "c2pa.unknown": "did something that was not recorded",
}
_SIGNER_ONLY = ("signingCredential.", "timeStamp.")
# A claim that is untidy by the letter of a later specification, while its signature and hashes hold.
_FORM_ONLY = ("assertion.action.", "assertion.outsideManifest", "assertion.json.invalid", "assertion.cbor.invalid")


class State(StrEnum):
    """How far a manifest can be relied on."""

    TRUSTED = "trusted"
    VALID = "valid"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    UNCHECKED = "unchecked"


@dataclass(frozen=True)
class History:
    """What a report says, cleaned."""

    state: State
    doubt: Saying | str = ""
    """Why it is not fully trusted, as the end of a sentence."""
    signer: str = ""
    generator: str = ""
    source: SourceType | None = None
    actions: list[str] = field(default_factory=list)
    """The edit history in plain English, oldest manifest first: data, like the file's own words in it."""
    failures: list[str] = field(default_factory=list)

    def details(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "state": self.state.value,
            "signer": self.signer,
            "generator": self.generator,
            "digital_source_type": self.source.term if self.source else "",
            "history": self.actions,
            "validation": self.failures,
        }


def read_history(report: dict[str, Any]) -> History:
    """Return the history in ``report``; parts of a shape that no report has are passed over."""
    manifests = _dict(report.get("manifests"))
    active = _dict(manifests.get(_text(report.get("active_manifest"))))
    state, doubt, failures = _state(report)
    chain = list(_chain(active, manifests))
    source = _source(chain)
    return History(
        state=state,
        doubt=doubt,
        signer=plain(_dict(active.get("signature_info")).get("issuer"))
        or plain(_dict(active.get("signature_info")).get("common_name")),
        generator=_generator(chain),
        source=source,
        actions=[words for manifest in reversed(chain) for words in _actions_in_words(manifest)][:MAX_ACTIONS],
        failures=failures,
    )


def _state(report: dict[str, Any]) -> tuple[State, Saying | str, list[str]]:
    results = _dict(_dict(report.get("validation_results")).get("activeManifest"))
    failures = [plain(_dict(one).get("code")) for one in _list(results.get("failure"))][:MAX_ACTIONS]
    successes = {plain(_dict(one).get("code")) for one in _list(results.get("success"))}
    broken = [code for code in failures if not code.startswith(_SIGNER_ONLY + _FORM_ONLY)]
    if broken or "claimSignature.validated" not in successes:
        changed = any("Hash" in code or "hash" in code for code in broken)
        return State.INVALID, say(CHANGED if changed else NOT_SIGNED), failures
    if any(code.endswith(".revoked") for code in failures):
        return State.INVALID, say(REVOKED), failures
    if "signingCredential.expired" in failures:
        return State.VALID, say(EXPIRED), failures
    if any(code.startswith(_SIGNER_ONLY) for code in failures):
        return State.VALID, say(UNKNOWN_SIGNER), failures
    if report.get("validation_state") == "Trusted":
        return State.TRUSTED, "", failures
    return State.VALID, say(UNCHECKED_SIGNER), failures


def _chain(active: dict[str, Any], manifests: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the manifests of the picture itself, newest first.

    A parent's manifest belongs to the picture. So does a lone component's where the newer manifest records no origin
    of its own: OpenAI's files keep the creation in such a one.
    """
    seen: set[str] = set()
    manifest: dict[str, Any] | None = active
    while manifest is not None and len(seen) < MAX_MANIFESTS:
        yield manifest
        ingredients = [_dict(one) for one in _list(manifest.get("ingredients"))]
        parents = [one for one in ingredients if one.get("relationship") == "parentOf"]
        if not parents and len(ingredients) == 1 and _origin(manifest) is None:
            parents = ingredients
        label = next((_text(one.get("active_manifest")) for one in parents if one.get("active_manifest")), "")
        if not label or label in seen:
            return
        seen.add(label)
        manifest = _dict(manifests.get(label)) or None


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for assertion in _list(manifest.get("assertions"))[:MAX_ACTIONS]:
        if _text(_dict(assertion).get("label")).startswith("c2pa.actions"):
            data = _dict(_dict(assertion).get("data"))
            yield from (_dict(action) for action in _list(data.get("actions"))[:MAX_ACTIONS])


def _origin(manifest: dict[str, Any]) -> SourceType | None:
    """Return the source type of a manifest: a machine's part outweighs whatever else was done."""
    found = [
        kind for action in _actions(manifest) if (kind := source_type(action.get("digitalSourceType"))) is not None
    ]
    for assertion in _list(manifest.get("assertions"))[:MAX_ACTIONS]:
        data = _dict(_dict(assertion).get("data"))
        for key, value in data.items():
            if isinstance(key, str) and key.rpartition(":")[2] == "DigitalSourceType":
                kind = source_type(value)
                found += [kind] if kind is not None else []
    return next((kind for kind in found if kind.made_by_machine), found[0] if found else None)


def _source(chain: list[dict[str, Any]]) -> SourceType | None:
    origins = [kind for manifest in chain if (kind := _origin(manifest)) is not None]
    return next((kind for kind in origins if kind.made_by_machine), origins[-1] if origins else None)


def _generator(chain: list[dict[str, Any]]) -> str:
    """Return the program that created the picture, else the one that wrote the newest manifest."""
    for manifest in reversed(chain):
        for action in _actions(manifest):
            if action.get("action") == "c2pa.created" and _agent(action):
                return _agent(action)
    for manifest in chain:
        for info in _list(manifest.get("claim_generator_info")):
            name = " ".join(filter(None, (plain(_dict(info).get("name")), plain(_dict(info).get("version")))))
            if name:
                return plain(name)
        name = plain(manifest.get("claim_generator"))
        if name:
            return name
    return ""


def _agent(action: dict[str, Any]) -> str:
    agent = action.get("softwareAgent")
    if isinstance(agent, dict):
        return plain(" ".join(filter(None, (plain(agent.get("name")), plain(agent.get("version"))))))
    return plain(agent)


def _actions_in_words(manifest: dict[str, Any]) -> Iterator[str]:
    for action in _actions(manifest):
        name = plain(action.get("action"))
        words = ACTIONS[name] if name in ACTIONS else name.rpartition(".")[2].replace("_", " ")
        parts = [words]
        if _agent(action):
            parts.append(f"with {_agent(action)}")
        kind = source_type(action.get("digitalSourceType"))
        if kind is not None:
            parts.append(f"({kind.says})")
        description = plain(action.get("description"))
        if description:
            parts.append(f"– {description}")
        if _text(action.get("when")):
            parts.append(f"on {plain(action.get('when'))[:10]}")
        yield plain(" ".join(parts))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
