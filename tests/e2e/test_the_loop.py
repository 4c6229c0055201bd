"""A full turn of the loop on real pictures: decide, export, train a little, candidate, shadow, gate, promote, back."""

from __future__ import annotations

import csv
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from ml.cli import main
from moderation import services
from moderation.errors import DetectorRefused
from moderation.models import Case, Decision, Detector, Event, GateCheck, Screening, ShadowScore
from moderation.services import detectors, gate, training_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User

    from marketplace.models import Listing

pytestmark = [pytest.mark.art, pytest.mark.django_db]

EACH = 14
"""Works of each class that people decide on."""


@pytest.fixture
def pictures(art_dir: Path) -> dict[str, list[bytes]]:
    """Real pictures by class, of as many sources as can be."""
    with (art_dir / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["domain"] == "anime"]
    found: dict[str, list[bytes]] = {}
    for label in ("ai", "human"):
        of_class = [row for row in rows if row["label"] == label]
        random.Random(7).shuffle(of_class)
        one_a_source = {row["group"]: row for row in reversed(of_class)}
        some = [*one_a_source.values(), *of_class]
        found[label] = [(art_dir / row["file"]).read_bytes() for row in some[: EACH + 2]]
    return found


def test_a_full_turn(
    pictures: dict[str, list[bytes]],
    settings: Any,
    tmp_path: Path,
    make_listing: Callable[..., Listing],
    moderator: User,
    policy_admin: User,
    artist: User,
) -> None:
    settings.MODERATION = {
        **settings.MODERATION,
        "CLASSIFIER": "moderation.evidence.classifier.ShippedDetector",
        "DETECTOR": "mobilenet_v2",
        "ARTEFACTS": [str(tmp_path / "found")],
        "GOLD_PERCENT": 50,
        "GATE_MIN_WORKS": 3,
    }
    ask_about_all = {"review_threshold": 0.001}
    first = services.current_policy()
    services.publish_policy(author=policy_admin, reason="Let people see every work.", **ask_about_all)

    # Decide
    truths = {str(make_listing(data=data).pk): label for label, some in pictures.items() for data in some[:EACH]}
    while Screening.objects.filter(state="pending").exists():
        services.screen_pending()
    served = Detector.objects.get(status="active")
    assert served.name == "mobilenet_v2"
    for case in Case.objects.filter(state="open").select_related("artwork"):
        is_ai = truths[case.artwork.object_pk] == "ai"
        services.decide(
            case=case,
            decider=moderator,
            version=case.version,
            action="label" if is_ai else "approve",
            reason_code="undeclared_ai" if is_ai else "human_made",
            explanation="It shows." if is_ai else "",
        )
    assert Decision.objects.count() >= 2 * EACH - 2  # but for what a look-alike cleared
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(minutes=1))
    training_set.mark_wrong(case=Case.objects.all()[0], moderator=moderator)
    services.publish_policy(author=policy_admin, reason="As it was.", review_threshold=first.review_threshold)

    # Export: with the artist's word only
    call_command("export_decisions", str(tmp_path / "none"))
    assert (tmp_path / "none" / "manifest.csv").read_text().count("\n") == 1
    training_set.set_consent(artist=artist, allowed=True)
    call_command("export_decisions", str(tmp_path / "set"))
    manifest = tmp_path / "set" / "manifest.csv"
    assert 8 < manifest.read_text().count("\n") < 2 * EACH  # gold stays here

    # Train a little, from where the shipped detector stands
    (tmp_path / "found").mkdir()
    out = tmp_path / "found" / "mobilenet_v2_next"
    assert main(["train", "--init", "mobilenet_v2", "--manifest", str(manifest), "--out", str(out)]) == 0

    # It enters as a candidate, and may do nothing yet
    detectors.find()
    candidate = Detector.objects.get(name="mobilenet_v2_next")
    assert (candidate.status, candidate.files) == ("candidate", "intact")
    with pytest.raises(DetectorRefused, match="not been checked"):
        detectors.promote(detector=candidate, by=policy_admin, reason="It is new.")

    # As a shadow it is heard and not heeded
    detectors.shadow(detector=candidate, by=policy_admin, reason="To see it on new works.")
    make_listing(data=pictures["human"][EACH])
    services.screen_pending()
    look = Screening.objects.latest("pk")
    assert look.detector == served
    score = ShadowScore.objects.get(artwork=look.artwork_id, detector=candidate)
    assert score.p_ai == pytest.approx(look.p_ai, abs=0.25)

    # The gate compares both on the same pictures
    detectors.ask_gate(detector=candidate, by=policy_admin)
    while gate.has_waiting():
        gate.run_next(seconds=120)
    check = GateCheck.objects.get()
    assert (check.state, check.problem) == ("passed", ""), check.findings
    assert [finding["check"] for finding in check.findings] == ["files", "golden", "set", "regression", "calibration"]
    figures = check.findings[3]["figures"]
    assert figures["human"]["n"] + figures["ai"]["n"] == len(check.scores) == check.done
    assert 0 <= figures["human"]["p"] <= 1
    assert check.findings[2]["figures"]["pinned"] == 1

    # Promote, and go back
    detectors.promote(detector=candidate, by=policy_admin, reason="It learned from our own decisions.")
    make_listing(data=pictures["human"][EACH + 1])
    services.screen_pending()
    assert Screening.objects.latest("pk").detector == candidate
    detectors.roll_back(by=policy_admin)
    assert detectors.line_up().active == served
    told = list(Event.objects.filter(actor=policy_admin, verb__startswith="detector").values_list("verb", flat=True))
    assert told == ["detector_status", "detector_promoted", "detector_rolled_back"]
