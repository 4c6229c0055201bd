"""The statement of reasons of a decision, in words for the artist and in the shape of the EU's public database.

The page, the mail and the export all take it from here, so that they cannot say different things. The shape is that
of the DSA Transparency Database's API: https://transparency.dsa.ec.europa.eu/page/api-documentation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from moderation.conf import settings
from moderation.evidence.base import Evidence, by_strength
from moderation.models import Action, ReasonCode
from moderation.models.decision import Automation
from moderation.reasons import NO_MARKS, SEEN_BEFORE
from moderation.wording import ABOUT_MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.utils.functional import _StrPromise

    from moderation.models import Decision

RULES: dict[str, _StrPromise] = {
    ReasonCode.HUMAN_MADE: gettext_lazy("Works that people make are welcome."),
    ReasonCode.DECLARED: gettext_lazy("AI-generated and AI-assisted works are welcome when they are declared."),
    ReasonCode.UNDECLARED_AI: gettext_lazy(
        "Works that are AI-generated are declared as such when they are offered, so that buyers know what they buy."
    ),
    ReasonCode.GENERATOR_MARKS: gettext_lazy(
        "Works whose file says that a generator made them are declared as AI-generated when they are offered."
    ),
    ReasonCode.COPIED: gettext_lazy("A work is offered by the person who made it, or with their leave."),
    ReasonCode.UNREADABLE: gettext_lazy("A work is offered as a picture that can be opened and shown."),
    ReasonCode.OTHER: gettext_lazy("The rules of this site, as the explanation says."),
}
"""The rule that each ground rests on, in a sentence."""

_WHAT: dict[str, _StrPromise] = {
    Action.APPROVE: gettext_lazy("Approved"),
    Action.LABEL: gettext_lazy("Labelled as AI-generated"),
    Action.REJECT: gettext_lazy("Not shown"),
}
_EFFECTS: dict[str, _StrPromise] = {
    Action.APPROVE: gettext_lazy("Nothing is restricted. The work is public."),
    Action.LABEL: gettext_lazy("The work stays public, and buyers see the label “AI-generated” beside it."),
    Action.REJECT: gettext_lazy("The work is not shown to the public. You still see it, and nothing is deleted."),
}
_VISIBILITY = {
    Action.LABEL: "DECISION_VISIBILITY_CONTENT_LABELLED",
    Action.REJECT: "DECISION_VISIBILITY_CONTENT_DISABLED",
}
_CATEGORIES = {ReasonCode.COPIED: "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"}
_SYNTHETIC = (ReasonCode.UNDECLARED_AI, ReasonCode.GENERATOR_MARKS)
_MAX_GROUND, _MAX_EXPLANATION, _MAX_FACTS = 500, 2000, 5000


@dataclass(frozen=True, slots=True)
class Statement:
    """What the artist is told about one decision."""

    decision: Decision
    headline: str
    what: str
    effect: str
    facts: Sequence[str]
    """What was found, in sentences for the artist."""
    automation: Sequence[str]
    """Which automated means were used and what they had to say, in sentences for the artist."""
    rule: str
    rules_url: str


def statement_of(decision: Decision) -> Statement:
    """Return the statement of reasons of ``decision`` in the active language."""
    return Statement(
        decision=decision,
        headline=_headline(decision),
        what=str(_WHAT[decision.action]),
        effect=str(_EFFECTS[decision.action]),
        facts=_facts(decision),
        automation=_automation(decision),
        rule=str(RULES[decision.reason_code]),
        rules_url=settings.RULES_URL,
    )


def database_entry(decision: Decision) -> dict[str, Any]:
    """Return the statement in the shape that the EU's database takes (API v2). Names of works and people are left out.

    Raises ``ValueError`` for a decision that restricts nothing: there is nothing to state.
    """
    if not decision.is_restriction:
        raise ValueError(f"Decision {decision.reference} restricts nothing.")
    statement = statement_of(decision)
    facts = "\n".join([*statement.facts, *statement.automation])
    entry: dict[str, Any] = {
        "decision_visibility": [_VISIBILITY[Action(decision.action)]],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _impersonal(statement.rule, decision)[:_MAX_GROUND],
        "incompatible_content_explanation": _impersonal(decision.explanation, decision)[:_MAX_EXPLANATION],
        "incompatible_content_illegal": "No",
        "content_type": [
            "CONTENT_TYPE_IMAGE",
            *(["CONTENT_TYPE_SYNTHETIC_MEDIA"] if decision.reason_code in _SYNTHETIC else []),
        ],
        "category": _CATEGORIES.get(ReasonCode(decision.reason_code), "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"),
        "content_date": decision.artwork.created_at.date().isoformat(),
        "application_date": decision.decided_at.date().isoformat(),
        "decision_facts": _impersonal(facts, decision)[:_MAX_FACTS],
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "No" if decision.automation == Automation.NONE else "Yes",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": str(decision.reference),
    }
    if settings.RULES_URL.startswith(("https://", "http://")):
        entry["decision_ground_reference_url"] = settings.RULES_URL
    return entry


def _headline(decision: Decision) -> str:
    sentences = {
        Action.APPROVE: _("A person looked at “%(title)s” and approved it."),
        Action.LABEL: _("A person decided that “%(title)s” carries the label “AI-generated”."),
        Action.REJECT: _("A person decided that “%(title)s” cannot be shown here."),
    }
    return sentences[Action(decision.action)] % {"title": decision.artwork}


def told(findings: Iterable[Evidence]) -> list[str]:
    """Return what ``findings`` say to the artist, each sentence once."""
    sentences = (str(finding.artist_message or finding.message) for finding in findings)
    return list(dict.fromkeys(sentence for sentence in sentences if sentence))


def _facts(decision: Decision) -> list[str]:
    """Return the findings apart from the score, strongest first; a score is no fact about the work."""
    return told(by_strength(decision.facts)) or [
        _("What the person saw in the picture itself, as the explanation says.")
    ]


def _automation(decision: Decision) -> list[str]:
    if decision.automation == Automation.NONE:
        return [_("No automated means were used. A person decided.")]
    sentences = []
    findings = [Evidence.from_dict(fact) for fact in decision.facts]
    for score in (finding for finding in findings if finding.kind == "classifier"):
        sentences.append(
            _("A detector (%(name)s, version %(version)s) compared the picture with pictures whose origin is known.")
            % {"name": score.details.get("detector", "?"), "version": score.details.get("version", "?")}
        )
        if score.artist_message:
            sentences.append(str(score.artist_message))
    if readers := _readers(finding for finding in findings if finding.kind in SEEN_BEFORE):
        sentences.append(
            _("A program compared the picture with works that were offered here before (%(readers)s).")
            % {"readers": readers}
        )
    if readers := _readers(finding for finding in findings if finding.kind not in NO_MARKS):
        sentences.append(
            _("A program read what the file itself says about its making (%(readers)s).") % {"readers": readers}
        )
    elif sentences:
        sentences.append(_("No marks of its making were found in the file."))
    else:
        sentences.append(_("A program could not examine the picture, so it was put before a person."))
    sentences.append(str(ABOUT_MARKS))
    sentences.append(_("These only drew attention to the work. A person looked at it and decided; no machine did."))
    return sentences


def _readers(findings: Iterable[Evidence]) -> str:
    """Return the names and versions of those who made ``findings``."""
    return ", ".join(sorted({finding.reader for finding in findings if finding.reader}))


def _impersonal(text: str, decision: Decision) -> str:
    """Return ``text`` without the work's title and the artist's name: the public database takes no personal data."""
    names = [decision.artwork.title]
    if decision.artist is not None:
        names += [decision.artist.get_username(), decision.artist.get_full_name()]
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(f"“{name}”", _("the work"))
        if len(name) > 3:
            text = text.replace(name, "…")
    return text
