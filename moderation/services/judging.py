"""From findings to a band: a function of the evidence, the score, the declaration and the policy.

The classifier alone decides only between clear, review and hold. Proof in the file counts whatever the score is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from moderation.evidence.base import Evidence, Strength
from moderation.evidence.seen_before import THEFT
from moderation.models import Action, Artwork, Band, DeclaredOrigin, Ground, Severity
from moderation.saying import Saying, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moderation.models import Policy, Screening

BANDS = (Band.CLEAR, Band.REVIEW, Band.HOLD)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from one look. ``severity`` orders the queue; ``reason`` tells the moderator why they are asked."""

    band: Band
    ground: Ground
    severity: Severity | None = None
    reason: str = ""

    @property
    def asks_a_person(self) -> bool:
        """Whether a case follows."""
        return self.band != Band.CLEAR


def judge(
    *,
    p_ai: float,
    evidence: Sequence[Evidence],
    declared_origin: str,
    policy: Policy,
    approved_before: bool = False,
    review_bonus: float = 0.0,
) -> Verdict:
    """Return the verdict on one artwork.

    ``p_ai`` is the calibrated probability (0..1); ``approved_before`` says that a person approved the very same
    bytes of the same artist already; ``review_bonus`` is what the policy adds to the review threshold of this artist.
    """
    ground = ground_of(evidence=evidence, declared_origin=declared_origin, approved_before=approved_before)
    band = band_for(ground, p_ai, policy, review_bonus)
    if ground == Ground.APPROVED:
        return Verdict(band, ground, reason=say(_("A person approved these very bytes before.")))
    if ground == Ground.DECLARED and band == Band.CLEAR:
        welcome = say(_("The artist declared it, and declared AI works are welcome here."))
        return Verdict(band, ground, reason=welcome)
    if ground == Ground.DECLARED:
        unwelcome = say(_("The artist declares AI, which the policy does not allow."))
        return Verdict(band, ground, Severity.STRONG, unwelcome)
    theft = _theft_in(evidence)
    if theft is not None:
        return Verdict(band, ground, Severity.THEFT, theft.message)
    strongest = strongest_of(evidence)
    if strongest is not None and strongest.strength == Strength.PROOF:
        return Verdict(band, ground, Severity.PROOF, strongest.message)
    if band == Band.HOLD:
        return Verdict(band, ground, Severity.HOLD, _score_sentence(p_ai, policy.hold_threshold))
    if strongest is not None and ground == Ground.EVIDENCE:
        return Verdict(band, ground, Severity.STRONG, strongest.message)
    if band == Band.REVIEW:
        return Verdict(band, ground, Severity.REVIEW, _score_sentence(p_ai, review_from(policy, review_bonus)))
    if band_of(p_ai, policy) == Band.REVIEW:
        return Verdict(band, ground, reason=_bonus_sentence(p_ai, review_from(policy, review_bonus)))
    return Verdict(band, ground)


def ground_of(*, evidence: Sequence[Evidence], declared_origin: str, approved_before: bool = False) -> Ground:
    """Return what a verdict rests on. Whose work it is (a possible theft) does not hang on how it was declared."""
    if approved_before:
        return Ground.APPROVED
    if _theft_in(evidence) is not None:
        return Ground.EVIDENCE
    if declared_origin in (DeclaredOrigin.ASSISTED, DeclaredOrigin.GENERATED):
        return Ground.DECLARED
    strongest = strongest_of(evidence)
    weighs = strongest is not None and strongest.strength in (Strength.PROOF, Strength.STRONG)
    return Ground.EVIDENCE if weighs else Ground.SCORE


def band_for(ground: str, p_ai: float, policy: Policy, review_bonus: float = 0.0) -> Band:
    """Return the band of a look with this ground and score: the whole rule, for one work and for counts of them.

    For a given ground it never falls as the score rises.
    """
    if ground == Ground.APPROVED:
        return Band.CLEAR
    if ground == Ground.DECLARED:
        return Band.CLEAR if policy.allow_declared_ai else Band.REVIEW
    if ground == Ground.EVIDENCE:
        return _at_least(band_of(p_ai, policy), Band.REVIEW)
    return band_of(p_ai, policy, review_bonus)


def replay(screening: Screening) -> Verdict:
    """Judge the stored score and findings of ``screening`` under the policy that it names, as it holds in the work's
    category; nothing is read anew.
    """
    if screening.policy is None or screening.p_ai is None:
        raise ValueError(f"Screening {screening.pk} has no stored result to judge.")
    return judge(
        p_ai=screening.p_ai,
        evidence=[Evidence.from_dict(stored) for stored in screening.evidence],
        declared_origin=screening.declared_origin,
        policy=screening.policy.within(screening.artwork.category),
        approved_before=_approved_before(screening.artwork),
        review_bonus=screening.review_bonus,
    )


def _approved_before(artwork: Artwork) -> bool:
    """Whether a person approved the very same bytes of the same artist (never ask twice).

    The decision in force counts, even on a work that was taken back since: a won appeal stays won.
    """
    return (
        artwork.owner_id is not None
        and artwork.digest != ""
        and Artwork.objects.filter(digest=artwork.digest, owner=artwork.owner_id, decision__action=Action.APPROVE)
        .exclude(pk=artwork.pk)
        .exists()
    )


def band_of(p_ai: float, policy: Policy, review_bonus: float = 0.0) -> Band:
    """Return the band of a score alone."""
    if p_ai >= policy.hold_threshold:
        return Band.HOLD
    return Band.REVIEW if p_ai >= review_from(policy, review_bonus) else Band.CLEAR


def review_from(policy: Policy, review_bonus: float = 0.0) -> float:
    """Return the score from which a person is asked. A bonus raises it, never above the hold threshold.

    Rounded, so that the sum of two thousandths is a thousandth again and not a little more.
    """
    return min(round(policy.review_threshold + review_bonus, 9), policy.hold_threshold)


def strongest_of(evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the weightiest finding apart from the classifier's, the first of equals."""
    order = list(Strength)
    others = [finding for finding in evidence if finding.kind != "classifier"]
    return min(others, key=lambda finding: order.index(finding.strength), default=None)


def _theft_in(evidence: Sequence[Evidence]) -> Evidence | None:
    return next((finding for finding in evidence if finding.kind == THEFT), None)


def _at_least(band: Band, floor: Band) -> Band:
    return max(band, floor, key=BANDS.index)


def _score_sentence(p_ai: float, threshold: float) -> Saying:
    sentence = _("The detector's score is {score} %; the policy asks a person from {threshold} %.")
    return say(sentence, **_percents(p_ai, threshold))


def _bonus_sentence(p_ai: float, threshold: float) -> Saying:
    sentence = _("The score is {score} %; for this artist's clean record the policy asks a person from {threshold} %.")
    return say(sentence, **_percents(p_ai, threshold))


def _percents(p_ai: float, threshold: float) -> dict[str, int]:
    return {"score": min(round(p_ai * 100), 99), "threshold": round(threshold * 100)}  # never certain
