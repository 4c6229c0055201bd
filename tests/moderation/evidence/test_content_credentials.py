"""Content Credentials: whose signature holds, what they say; and IPTC's source type in XMP."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from moderation.evidence import content_credentials
from moderation.evidence.base import Evidence, EvidenceReader, Strength, Subject
from moderation.evidence.content_credentials import ContentCredentials
from moderation.evidence.credentials import State, read_history
from moderation.evidence.source_types import SOURCE_TYPES, source_type
from tests.moderation.evidence import painting

if TYPE_CHECKING:
    from pathlib import Path

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def read(data: bytes, reader: ContentCredentials | None = None) -> dict[str, Evidence]:
    findings = (reader or ContentCredentials()).read(Subject(data=data, sha256=""))
    json.dumps([finding.as_dict() for finding in findings], allow_nan=False)
    assert len({finding.kind for finding in findings}) == len(findings)
    return {finding.kind: finding for finding in findings}


@pytest.fixture(scope="module")
def authority() -> dict[str, bytes]:
    """A certificate authority of our own and a signer under it, as PEM: ``root``, ``chain``, ``key``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lighthouse AI"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    def usage(*, signs: bool) -> x509.KeyUsage:
        return x509.KeyUsage(not signs, False, False, False, False, signs, False, False, False)

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())

    def builder(subject: str, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("root"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=30))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False)
        )

    root = (
        builder("root", root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(usage(signs=True), critical=True)
        .add_extension(root_id, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        builder("signer", key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return {
        "root": root.public_bytes(pem),
        "chain": leaf.public_bytes(pem) + root.public_bytes(pem),
        "key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    }


def sign(authority: dict[str, bytes], source: str = TRAINED, kind: str = "PNG", **action: Any) -> bytes:
    """Return a picture of ``kind`` with credentials that say it was created as ``source``."""
    c2pa = pytest.importorskip("c2pa")
    manifest = {
        "claim_generator_info": [{"name": "Lighthouse", "version": "1"}],
        "title": "harbour",
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": source,
                            "softwareAgent": "Lantern 2",
                            **action,
                        },
                        {"action": "c2pa.cropped", "when": "2026-05-01T00:00:00Z"},
                    ]
                },
            }
        ],
    }
    info = c2pa.C2paSignerInfo(b"es256", authority["chain"], authority["key"], None)
    target = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(manifest) as builder:
        mime = {
            "PNG": "image/png",
            "JPEG": "image/jpeg",
            "WEBP": "image/webp",
            "AVIF": "image/avif",
            "GIF": "image/gif",
        }[kind]
        image = painting.picture("P" if kind == "GIF" else "RGB", (64, 64))
        builder.sign(signer, mime, io.BytesIO(painting.save(image, kind)), target)
    return target.getvalue()


@pytest.fixture
def trusting(authority: dict[str, bytes], tmp_path: Path, settings: Any) -> ContentCredentials:
    """A reader that trusts our authority."""
    (tmp_path / "roots.pem").write_bytes(authority["root"])
    settings.MODERATION = {**settings.MODERATION, "C2PA_TRUST_ANCHORS": str(tmp_path / "roots.pem")}
    return ContentCredentials()


def test_the_reader_keeps_the_interface() -> None:
    assert isinstance(ContentCredentials(), EvidenceReader)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF"])
def test_a_trusted_signer_makes_a_proof(authority: dict[str, bytes], trusting: ContentCredentials, kind: str) -> None:
    findings = read(sign(authority, kind=kind), trusting)
    assert set(findings) == {"c2pa", "trained-algorithmic-media"}
    assert {finding.strength for finding in findings.values()} == {Strength.PROOF}
    assert findings["c2pa"].message == (
        "Content Credentials signed by Lighthouse AI, whom this site trusts, "
        "say that the picture was made by generative AI."
    )
    details = findings["c2pa"].details
    assert details["state"] == "trusted"
    assert details["generator"] == "Lantern 2"
    assert details["history"] == ["created with Lantern 2 (was made by generative AI)", "cropped on 2026-05-01"]


def test_a_stranger_makes_a_strong_claim(authority: dict[str, bytes]) -> None:
    findings = read(sign(authority))
    assert {finding.strength for finding in findings.values()} == {Strength.STRONG}
    assert findings["c2pa"].details["state"] == "valid"
    assert "not on this site's trust list" in findings["c2pa"].message


def test_a_changed_picture_makes_a_hint(authority: dict[str, bytes], trusting: ContentCredentials) -> None:
    data = bytearray(sign(authority))
    data[-20] ^= 1
    findings = read(bytes(data), trusting)
    assert {finding.strength for finding in findings.values()} == {Strength.HINT}
    assert findings["c2pa"].details["state"] == "invalid"
    assert "changed after it was signed" in findings["c2pa"].message


def test_a_broken_store_is_unreadable() -> None:
    findings = read(painting.png_with(painting.chunk(b"caBX", painting.jumbf())))
    assert set(findings) == {"c2pa"}
    assert findings["c2pa"].details["state"] == "unreadable"
    assert findings["c2pa"].strength == Strength.HINT


def test_a_cameras_credentials_are_never_proof(authority: dict[str, bytes], trusting: ContentCredentials) -> None:
    findings = read(sign(authority, CAPTURE), trusting)
    assert set(findings) == {"c2pa", "digital-capture"}
    assert {finding.strength for finding in findings.values()} == {Strength.HINT}
    assert findings["c2pa"].details["state"] == "trusted"


def test_generative_fill_is_told_apart(authority: dict[str, bytes], trusting: ContentCredentials) -> None:
    findings = read(sign(authority, COMPOSITE), trusting)
    assert set(findings) == {"c2pa", "composite-with-trained-algorithmic-media"}


def test_without_the_library_credentials_are_still_noticed(
    authority: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sign(authority)
    monkeypatch.setattr(content_credentials, "c2pa", None)
    assert not content_credentials.c2pa_available()
    findings = read(data)
    assert findings["c2pa"].message == "The file carries Content Credentials that this installation cannot check."
    assert set(findings) == {"c2pa", "trained-algorithmic-media"}
    assert {finding.strength for finding in findings.values()} == {Strength.HINT}


def test_the_module_loads_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    monkeypatch.setitem(sys.modules, "c2pa", None)
    reloaded = importlib.util.module_from_spec(content_credentials.__spec__)
    content_credentials.__spec__.loader.exec_module(reloaded)
    assert not reloaded.c2pa_available()


def test_a_forked_worker_reads_as_its_parent_does(authority: dict[str, bytes]) -> None:
    reader, data = ContentCredentials(), sign(authority)
    expected = set(read(data, reader))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns when threads are about
        child = os.fork()
    if child == 0:  # leaves at once: pytest runs in the parent
        os._exit(0 if set(read(data, reader)) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_trust_list_that_is_not_there_is_the_sites_fault(authority: dict[str, bytes], settings: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "C2PA_TRUST_ANCHORS": "/nowhere/roots.pem"}
    with pytest.raises(FileNotFoundError):
        read(sign(authority))


def test_nothing_is_fetched() -> None:
    packet = painting.xmp(attributes='dcterms:provenance="https://example.org/m.c2pa"')
    findings = read(painting.save(painting.picture(), "JPEG", xmp=packet))
    assert set(findings) == {"c2pa"}
    assert findings["c2pa"].details == {"state": "unchecked", "kept_at": "https://example.org/m.c2pa"}
    assert findings["c2pa"].strength == Strength.HINT


# --- The report in words --------------------------------------------------------------------------------------------


def report(*manifests: dict[str, Any], failures: tuple[str, ...] = (), signed: bool = True) -> dict[str, Any]:
    return {
        "active_manifest": "m0",
        "manifests": {f"m{index}": manifest for index, manifest in enumerate(manifests)},
        "validation_state": "Valid",
        "validation_results": {
            "activeManifest": {
                "success": [{"code": "claimSignature.validated"}] if signed else [],
                "failure": [{"code": code} for code in failures],
            }
        },
    }


def created(source: str, **manifest: Any) -> dict[str, Any]:
    actions = [{"action": "c2pa.created", "digitalSourceType": source}]
    return {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}], **manifest}


@pytest.mark.parametrize(
    ("failures", "signed", "state"),
    [
        ((), True, State.VALID),
        (("signingCredential.untrusted",), True, State.VALID),
        (("signingCredential.untrusted", "signingCredential.expired"), True, State.VALID),
        (("signingCredential.untrusted", "assertion.action.malformed"), True, State.VALID),
        (("signingCredential.revoked",), True, State.INVALID),
        (("assertion.dataHash.mismatch",), True, State.INVALID),
        (("claimSignature.mismatch",), False, State.INVALID),
        ((), False, State.INVALID),
    ],
)
def test_states(failures: tuple[str, ...], signed: bool, state: State) -> None:
    assert read_history(report({}, failures=failures, signed=signed)).state == state


def test_a_parents_origin_is_the_pictures() -> None:
    edited = {"ingredients": [{"relationship": "parentOf", "active_manifest": "m1"}]}
    source = read_history(report(edited, created(TRAINED))).source
    assert source is not None
    assert source.kind == "trained-algorithmic-media"


def test_a_lone_components_origin_is_the_pictures_if_it_has_none() -> None:
    wrapped = {"ingredients": [{"relationship": "componentOf", "active_manifest": "m1"}]}
    source = read_history(report(wrapped, created(TRAINED))).source
    assert source is not None
    assert source.made_by_machine


def test_one_component_of_several_does_not_make_the_picture() -> None:
    part = {"relationship": "componentOf", "active_manifest": "m1"}
    assert read_history(report({"ingredients": [part, part]}, created(TRAINED))).source is None
    drawn = created(SOURCE_TYPES["digitalcreation"].term, ingredients=[part])
    source = read_history(report(drawn, created(TRAINED))).source
    assert source is not None
    assert not source.made_by_machine


def test_manifests_in_a_circle_end() -> None:
    one = {"ingredients": [{"relationship": "parentOf", "active_manifest": "m1"}]}
    two = {"ingredients": [{"relationship": "parentOf", "active_manifest": "m0"}]}
    assert read_history(report(one, two)).source is None


# --- IPTC in XMP ----------------------------------------------------------------------------------------------------

FORMS = {
    "attribute": ("", 'Iptc4xmpExt:DigitalSourceType="{}"'),
    "element": ("<Iptc4xmpExt:DigitalSourceType>{}</Iptc4xmpExt:DigitalSourceType>", ""),
    "resource": ('<Iptc4xmpExt:DigitalSourceType rdf:resource="{}"/>', ""),
    "list": (
        "<Iptc4xmpExt:DigitalSourceType><rdf:Bag><rdf:li>{}</rdf:li></rdf:Bag></Iptc4xmpExt:DigitalSourceType>",
        "",
    ),
}
VALUES = {
    "http": TRAINED,
    "https": TRAINED.replace("http:", "https:"),
    "slash": TRAINED + "/",
    "code": "digsrctype:trainedAlgorithmicMedia",
    "bare": "trainedAlgorithmicMedia",
    "c2pa": "http://c2pa.org/digitalsourcetype/trainedAlgorithmicData",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_source_type_in_every_form(form: str, value: str, kind: str) -> None:
    inner, attributes = (part.format(VALUES[value]) for part in FORMS[form])
    findings = read(painting.save(painting.picture(), kind, xmp=painting.xmp(inner, attributes)))
    assert set(findings) == {"trained-algorithmic-media"}
    finding = findings["trained-algorithmic-media"]
    assert finding.strength == Strength.STRONG
    assert finding.message == "The file's metadata says that it was made by generative AI; such a note is not signed."


@pytest.mark.parametrize(
    ("term", "kind", "strength"),
    [
        ("compositeWithTrainedAlgorithmicMedia", "composite-with-trained-algorithmic-media", Strength.STRONG),
        ("algorithmicMedia", "algorithmic-media", Strength.HINT),
        ("digitalCreation", "digital-creation", Strength.HINT),
        ("humanEdits", "human-edits", Strength.HINT),
        ("digitalCapture", "digital-capture", Strength.HINT),
    ],
)
def test_other_source_types(term: str, kind: str, strength: Strength) -> None:
    packet = painting.xmp(
        attributes=f'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{term}"'
    )
    findings = read(painting.save(painting.picture(), "JPEG", xmp=packet))
    assert {name: finding.strength for name, finding in findings.items()} == {kind: strength}


def test_a_human_hand_is_never_more_than_a_hint() -> None:
    human = [term for term in SOURCE_TYPES.values() if not term.made_by_machine]
    assert len(human) > 10
    for term in human:
        packet = painting.xmp(attributes=f'Iptc4xmpExt:DigitalSourceType="{term.term}"')
        [finding] = read(painting.save(painting.picture(), "JPEG", xmp=packet)).values()
        assert finding.strength == Strength.HINT


@pytest.mark.parametrize("value", ["", "http://example.org/unknown", None, 5, "x" * 1_000_000])
def test_unknown_source_types_say_nothing(value: object) -> None:
    assert source_type(value) is None
