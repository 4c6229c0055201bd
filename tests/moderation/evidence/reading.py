"""How the tests of generator metadata read a file."""

from __future__ import annotations

import json

from moderation.evidence.base import Evidence, Subject
from moderation.evidence.generator_metadata import GeneratorMetadata
from tests.moderation.evidence import painting
from tests.moderation.evidence.painting import USER_COMMENT, comment, with_exif


def read(data: bytes) -> dict[str, Evidence]:
    findings = GeneratorMetadata().read(Subject(data=data, sha256=""))
    kinds = [finding.kind for finding in findings]
    assert len(kinds) == len(set(kinds)), "a kind is reported once"
    json.dumps([finding.as_dict() for finding in findings], allow_nan=False)
    return {finding.kind: finding for finding in findings}


def only(data: bytes) -> Evidence:
    findings = read(data)
    assert len(findings) == 1, list(findings)
    return next(iter(findings.values()))


def user_comment(kind: str, text: str, charset: str = "UNICODE-BE") -> bytes:
    return with_exif(kind, {}, {USER_COMMENT: comment(text, charset)})


def xmp_in(kind: str, inner: str = "", attributes: str = "") -> bytes:
    return painting.save(painting.picture(), kind, xmp=painting.xmp(inner, attributes))
