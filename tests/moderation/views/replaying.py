"""Stored looks with everything that a verdict hangs on, and a replay of them row by row, apart from the counts."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from moderation import services
from moderation.evidence.base import Evidence, Strength
from moderation.models import Artwork, Policy, Screening
from moderation.services import detectors
from moderation.services.judging import judge

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PROOF = Evidence("a1111", Strength.PROOF, "Parameters.", "Parameters.", "test/1")
THEFT = Evidence("possible_theft", Strength.STRONG, "A copy.", "A copy.", "test/1")
HINT = Evidence("classifier", Strength.HINT, "A score.", "A score.", "test/1")


def store_looks(model: Artwork, artist: User) -> list[Screening]:
    """Store four hundred looks of the last hundred days, like that at ``model`` but for the score (many on edges),
    the evidence, the declaration, the category and the artist's bonus; and count them.
    """
    first = services.current_policy()
    Screening.objects.update(finished_at=timezone.now() - timedelta(days=200))
    detector = detectors.line_up().active
    dice, now = random.Random(11), timezone.now()
    edges = itertools.cycle([0.5, 0.9, 0.651, 0.65, 0.8, 0.799, 0.0, 1.0, 0.57, 0.29])
    looks = []
    for place in range(400):
        evidence = dice.choices([[HINT], [HINT, PROOF], [HINT, THEFT]], [10, 1, 1])[0]
        declared = dice.choices(["handmade", "generated"], [6, 1])[0]
        category = dice.choice(["painting", "print", "digital"])
        score = next(edges) if place % 3 == 0 else round(dice.random(), 6)
        bonus = dice.choices([0.0, 0.1], [4, 1])[0]
        artwork = Artwork.objects.create(
            content_type_id=model.content_type_id,
            object_pk=f"copy-{place}",
            field=model.field,
            file_name=model.file_name,
            digest=f"{place:064x}",
            owner=artist,
            title=f"Copy {place}",
            category=category,
            declared_origin=declared,
            standing="cleared",
        )
        verdict = judge(p_ai=score, evidence=evidence, declared_origin=declared, policy=first, review_bonus=bonus)
        looks.append(
            Screening(
                artwork=artwork,
                state="done",
                declared_origin=declared,
                requested_at=now,
                not_before=now,
                finished_at=now - timedelta(days=dice.randrange(100), minutes=1),
                detector=detector,
                policy=first,
                p_ai=score,
                band=verdict.band,
                ground=verdict.ground,
                review_bonus=bonus,
                evidence=[one.as_dict() for one in evidence],
            )
        )
    made = Screening.objects.bulk_create(looks)
    services.count_scores()
    return made


def judged(look: Screening, rules: Policy) -> str:
    """Judge one stored row by itself, by the worker's own function."""
    assert look.p_ai is not None
    here = rules.within(look.artwork.category)
    return judge(
        p_ai=look.p_ai,
        evidence=[Evidence.from_dict(one) for one in look.evidence],
        declared_origin=look.declared_origin,
        policy=here,
        review_bonus=here.trusted_artist_bonus if look.review_bonus else 0.0,
    ).band


def replay_of_rows(rules: Policy, days: int, category: str = "") -> Counter[str]:
    """Judge every stored row of the last ``days`` days under ``rules`` and under the policy in force."""
    current = services.current_policy()
    today = timezone.localtime(timezone.now(), timezone.get_default_timezone()).date()
    found: Counter[str] = Counter()
    for look in Screening.objects.filter(purpose="upload", state="done").select_related("artwork"):
        assert look.finished_at is not None
        day = look.finished_at.astimezone(timezone.get_default_timezone()).date()
        if (today - day).days >= days or (category and look.artwork.category != category):
            continue
        band = judged(look, rules)
        found[band] += 1
        found["changed"] += band != judged(look, current)
    return found
