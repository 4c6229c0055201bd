"""Evidence: Content Credentials (C2PA) and IPTC's digital source type.

A manifest store is validated by c2pa-python where that extra is installed: offline, nothing fetched. Four states are
told apart, since they mean different things to a moderator: *trusted* (the signature holds and the signer is on the
trust list), *valid* (the signature holds, the signer is unknown here or its certificate has run out), *invalid* (file
and signature do not agree) and *unreadable*. Credentials may just as well say that a camera took the picture: the
finding ``c2pa`` weighs what the credentials say, not that there are some.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from moderation.conf import settings
from moderation.evidence.base import Evidence, Strength
from moderation.evidence.credentials import History, State, read_history
from moderation.evidence.sheet import sheet_of
from moderation.evidence.source_types import SOURCE_TYPES, SourceType, source_type
from moderation.evidence.text import plain, quoted
from moderation.saying import Saying, say

if TYPE_CHECKING:
    from moderation.evidence.base import Subject
    from moderation.evidence.sheet import Sheet

try:
    import c2pa
except ImportError:  # the extra is optional
    c2pa = None

_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif", "BMFF": "image/avif"}

# Every sentence of this kind of evidence stands here.
STATES = {
    State.TRUSTED: gettext_noop("Content Credentials signed by {signer}, whom this site trusts, {says}."),
    State.VALID: gettext_noop(
        "Content Credentials signed in the name of {signer} {says}; the signature fits the file, but {doubt}."
    ),
    State.INVALID: gettext_noop("The file carries Content Credentials of {signer} that do not fit it: {doubt}."),
    State.UNREADABLE: gettext_noop("The file carries Content Credentials that cannot be read."),
    State.UNCHECKED: gettext_noop("The file carries Content Credentials that this installation cannot check."),
}
SAYS = gettext_noop("say that the picture {says}")
SAYS_NOTHING = gettext_noop("do not say whether the picture was generated")
NO_SIGNER = gettext_noop("an unnamed signer")
REMOTE = gettext_noop(
    "The file says that its Content Credentials are kept elsewhere; nothing is fetched, so they were not read."
)
ARTIST = gettext_noop("Your file carries Content Credentials, a record of how it was made, and we read what they say.")
SOURCE_C2PA = gettext_noop("The file's Content Credentials say that it {says} ({trust}).")
SOURCE_UNCHECKED = gettext_noop(
    "The file's Content Credentials mention that something in it {says}; this installation cannot check them."
)
SOURCE_XMP = gettext_noop("The file's metadata says that it {says}; such a note is not signed.")
SOURCE_ARTIST = gettext_noop("Your file's metadata says that it {says}.")
TRUST = {
    State.TRUSTED: gettext_noop("a signature that this site trusts"),
    State.VALID: gettext_noop("the signature fits, its owner is not known here"),
    State.INVALID: gettext_noop("the signature does not fit the file"),
}
_WEIGHT = {State.TRUSTED: Strength.PROOF, State.VALID: Strength.STRONG}


def c2pa_available() -> bool:
    """Return whether manifests can be validated here (the ``c2pa`` extra is installed)."""
    return c2pa is not None


class ContentCredentials:
    """Reads C2PA manifests and IPTC's DigitalSourceType.

    Whose signatures are *trusted* says ``MODERATION["C2PA_TRUST_ANCHORS"]``; without it nobody's are.
    """

    name = "content_credentials"
    version = 1
    _made: tuple[tuple[int, str], Any] | None = None

    def read(self, subject: Subject) -> list[Evidence]:
        """Return what the file's credentials and its XMP say of its origin."""
        sheet = sheet_of(subject)
        findings: list[Evidence] = []
        if sheet.marks.jumbf is not None:
            findings += self._credentials(subject.data, sheet)
        elif _remote(sheet):
            details = {"state": State.UNCHECKED.value, "kept_at": plain(_remote(sheet))}
            findings.append(self._evidence("c2pa", Strength.HINT, say(REMOTE), details))
        known = {finding.kind for finding in findings}
        findings += [finding for finding in self._source_types(sheet) if finding.kind not in known]
        return findings

    def _context(self) -> Any:
        """Return the library's settings, made once a process: a forked child cannot use its parent's.

        Nothing is fetched: neither remote manifests nor the state of certificates. A trust list that is missing or
        no PEM raises: an installation at fault must not pass for a file that cannot be read.
        """
        key = (os.getpid(), settings.C2PA_TRUST_ANCHORS)
        if self._made is not None and self._made[0] == key:
            return self._made[1]
        options: dict[str, Any] = {
            "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
            "core": {"allowed_network_hosts": []},
        }
        if key[1]:
            options["trust"] = {"trust_anchors": Path(key[1]).read_text(encoding="ascii")}
        self._made = (key, c2pa.Context(settings=c2pa.Settings.from_dict(options)))
        return self._made[1]

    def _manifests(self, data: bytes, container: str) -> dict[str, Any] | None:
        """Return the library's report, or ``None`` when it cannot read the store."""
        mime = "image/heic" if container == "BMFF" and b"hei" in data[8:40] else _FORMATS[container]
        context = self._context()
        try:
            with c2pa.Reader(mime, io.BytesIO(data), context=context) as reader:
                report = json.loads(reader.json())
        except (c2pa.C2paError, ValueError, RecursionError):
            return None
        return report if isinstance(report, dict) else None

    def _credentials(self, data: bytes, sheet: Sheet) -> list[Evidence]:
        if not c2pa_available():
            return self._unchecked(sheet)
        report = self._manifests(data, sheet.marks.container)
        if report is None:
            unreadable = State.UNREADABLE
            return [self._evidence("c2pa", Strength.HINT, say(STATES[unreadable]), {"state": unreadable.value})]
        history = read_history(report)
        weight = self._weight(history)
        findings = [self._evidence("c2pa", weight, _sentence(history), history.details())]
        if history.source is not None:
            trust = say(TRUST.get(history.state, TRUST[State.INVALID]))
            findings.append(
                self._source(
                    history.source,
                    weight,
                    say(SOURCE_C2PA, says=say(history.source.says), trust=trust),
                    origin="c2pa",
                    generator=history.generator,
                    signer=history.signer,
                    state=history.state.value,
                )
            )
        return findings

    def _weight(self, history: History) -> Strength:
        if history.source is None or not history.source.made_by_machine:
            return Strength.HINT
        return _WEIGHT.get(history.state, Strength.HINT)

    def _unchecked(self, sheet: Sheet) -> list[Evidence]:
        """Without the library: say that there are credentials, and which source types their bytes mention."""
        unchecked = State.UNCHECKED
        findings = [self._evidence("c2pa", Strength.HINT, say(STATES[unchecked]), {"state": unchecked.value})]
        store = sheet.marks.jumbf or b""
        for kind in dict.fromkeys(SOURCE_TYPES.values()):
            # The claim is CBOR, where texts stand as they are.
            if kind.made_by_machine and b"digitalsourcetype/" + kind.term.encode("ascii") in store:
                message = say(SOURCE_UNCHECKED, says=say(kind.says))
                findings.append(self._source(kind, Strength.HINT, message, origin="c2pa", state=unchecked.value))
        return findings

    def _source_types(self, sheet: Sheet) -> list[Evidence]:
        """Read DigitalSourceType from XMP; each type once."""
        types = {
            found.kind: found
            for prop in sheet.properties
            if prop.name.lower() == "digitalsourcetype" and (found := source_type(prop.value)) is not None
        }
        return [
            self._source(found, Strength.STRONG, say(SOURCE_XMP, says=say(found.says)), origin="xmp")
            for found in types.values()
        ]

    def _source(self, kind: SourceType, weight: Strength, message: Saying, **details: str) -> Evidence:
        """Return the finding of a source type. Who says that a person or a camera made it gives a hint, no more."""
        return self._evidence(
            kind.kind,
            weight if kind.made_by_machine else Strength.HINT,
            message,
            {"digital_source_type": kind.term, **details},
            say(SOURCE_ARTIST, says=say(kind.says)),
        )

    def _evidence(
        self, kind: str, strength: Strength, message: Saying, details: dict[str, Any], artist: Saying | None = None
    ) -> Evidence:
        kept = {key: value for key, value in details.items() if value}
        return Evidence(kind, strength, message, artist or say(ARTIST), f"{self.name}/{self.version}", kept)


def _remote(sheet: Sheet) -> str:
    """Return the address at which XMP says the manifest is kept, or an empty string."""
    return next(
        (
            prop.value
            for prop in sheet.properties
            if (prop.namespace, prop.name) == ("http://purl.org/dc/terms/", "provenance")
        ),
        "",
    )


def _sentence(history: History) -> Saying:
    signer = quoted(history.signer) or say(NO_SIGNER)
    says = say(SAYS, says=say(history.source.says)) if history.source else say(SAYS_NOTHING)
    return say(STATES[history.state], signer=signer, says=says, doubt=history.doubt)
