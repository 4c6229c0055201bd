"""The texts that go to artists with a decision: one template a ground, translatable, versioned, with places to fill.

What can be filled from the case is (title, declaration, the marks that were found). What only the moderator can know
stands between ``⟦`` and ``⟧`` until they have written it: a text with such a place left is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from moderation.errors import IncompleteDecision
from moderation.evidence.base import Evidence, Strength
from moderation.models import Action, DeclaredOrigin, ReasonCode, Severity
from moderation.models.decision import RESTRICTING
from moderation.readers import language_of
from moderation.saying import fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrPromise

    from moderation.models import Case

OPEN, CLOSE = "⟦", "⟧"


@dataclass(frozen=True, slots=True)
class Reason:
    """One way to decide: an action on a ground. ``text`` goes to the artist; ``needs`` names the places in it that
    must not stay empty. ``version`` grows when the text changes its meaning; the log keeps it.
    """

    action: Action
    code: ReasonCode
    label: _StrPromise
    text: _StrPromise
    needs: tuple[str, ...] = ()
    version: int = 1

    @property
    def choice(self) -> str:
        """The form's value: action and ground."""
        return f"{self.action.value}:{self.code.value}"

    @property
    def template(self) -> str:
        """What the log keeps of the text that was offered."""
        return f"{self.choice}/{self.version}"


_UNDECLARED = gettext_lazy(
    "“{title}” was offered with the declaration “{declared}”. A person who looked at it found that it is"
    " AI-generated. What they saw: {seen}."
)
_MARKS = gettext_lazy("The file of “{title}” itself tells how it was made. {marks}")

REASONS: tuple[Reason, ...] = (
    Reason(
        Action.APPROVE,
        ReasonCode.HUMAN_MADE,
        gettext_lazy("Made by a person"),
        gettext_lazy("A person looked at “{title}” and sees nothing against it. Sorry for the wait."),
    ),
    Reason(
        Action.APPROVE,
        ReasonCode.DECLARED,
        gettext_lazy("Declared honestly"),
        gettext_lazy("“{title}” is declared as “{declared}”, and that is all we ask. Thank you."),
    ),
    Reason(Action.APPROVE, ReasonCode.OTHER, gettext_lazy("Another reason"), gettext_lazy("{own}"), ("own",)),
    Reason(
        Action.LABEL,
        ReasonCode.UNDECLARED_AI,
        gettext_lazy("AI, not declared"),
        gettext_lazy("{undeclared} It stays public and carries the label “AI-generated”."),
        ("seen",),
    ),
    Reason(
        Action.LABEL,
        ReasonCode.GENERATOR_MARKS,
        gettext_lazy("Generator’s marks in the file"),
        gettext_lazy("{generator} It stays public and carries the label “AI-generated”."),
        ("marks",),
    ),
    Reason(Action.LABEL, ReasonCode.OTHER, gettext_lazy("Another reason"), gettext_lazy("{own}"), ("own",)),
    Reason(
        Action.REJECT,
        ReasonCode.UNDECLARED_AI,
        gettext_lazy("AI, not declared"),
        gettext_lazy("{undeclared} It cannot be shown here as it is."),
        ("seen",),
    ),
    Reason(
        Action.REJECT,
        ReasonCode.GENERATOR_MARKS,
        gettext_lazy("Generator’s marks in the file"),
        gettext_lazy("{generator} It cannot be shown here as it is."),
        ("marks",),
    ),
    Reason(
        Action.REJECT,
        ReasonCode.COPIED,
        gettext_lazy("A copy of another’s work"),
        gettext_lazy(
            "“{title}” looks the same as a work that somebody else offered here earlier; a person compared the two."
            " It cannot be shown here unless you show that it is yours."
        ),
    ),
    Reason(
        Action.REJECT,
        ReasonCode.UNREADABLE,
        gettext_lazy("The file cannot be opened"),
        gettext_lazy(
            "The file of “{title}” cannot be opened, so it cannot be shown. Save it anew as PNG or JPEG and upload it"
            " again."
        ),
    ),
    Reason(Action.REJECT, ReasonCode.OTHER, gettext_lazy("Another reason"), gettext_lazy("{own}"), ("own",)),
)
BY_CHOICE = {reason.choice: reason for reason in REASONS}


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that moderators often see: a short ``label`` for them, ``words`` that an artist can answer."""

    label: _StrPromise
    words: _StrPromise


# How several things that were seen are put in a row, two at a time.
LISTED = pgettext_lazy("things that were seen", "{first}, {next}")
LISTED_LAST = pgettext_lazy("things that were seen", "{first} and {last}")

OBSERVATIONS: dict[str, Observation] = {
    "anatomy": Observation(gettext_lazy("Anatomy"), gettext_lazy("hands, limbs or faces that do not fit together")),
    "lettering": Observation(
        gettext_lazy("Lettering"), gettext_lazy("lettering or a signature that is no real writing")
    ),
    "light": Observation(
        gettext_lazy("Light"), gettext_lazy("light, shadow or perspective that contradict each other")
    ),
    "melting": Observation(gettext_lazy("Melting"), gettext_lazy("lines and objects that melt into each other")),
    "texture": Observation(gettext_lazy("Texture"), gettext_lazy("detail that repeats without meaning")),
    "style": Observation(gettext_lazy("Style"), gettext_lazy("a hand that differs from the artist’s other works")),
}


def compose(case: Case, reason: Reason, *, seen: Iterable[str] = ()) -> str:
    """Return the text of ``reason`` for ``case`` in the active language; ``seen`` are keys of ``OBSERVATIONS`` that
    the moderator chose. Places that nothing is known for stay marked, see ``unfilled``.
    """
    filled = {
        "title": str(case.artwork),
        "declared": str(DeclaredOrigin(case.artwork.declared_origin).label),
        "seen": _seen(seen) or _place(_("say what you saw in the picture")),
        "marks": _marks(case) or _place(_("say what the file tells")),
        "own": _place(_("explain it in your own words")),
    }
    filled["undeclared"] = fill(str(_UNDECLARED), filled)
    filled["generator"] = fill(str(_MARKS), filled)
    return fill(str(reason.text), filled)


def write(case: Case, reason: Reason, *, seen: Iterable[str] = ()) -> str:
    """Return what ``compose`` does, in the language of the artist who gets it."""
    with translation.override(language_of(case.artwork.owner)):
        return compose(case, reason, seen=seen)


def explain(case: Case, reason: Reason, *, seen: Iterable[str] = ()) -> str:
    """Return the finished text of ``reason`` for ``case`` in its artist's language.

    Raises ``IncompleteDecision`` if a place stays empty.
    """
    text = write(case, reason, seen=seen)
    if unfilled(text):
        raise IncompleteDecision(_("Nothing fills this reason's text here: decide this work by itself."))
    return text


def unfilled(text: str) -> bool:
    """Whether ``text`` still has a place that the moderator must fill."""
    return OPEN in text and CLOSE in text


def default_choice(case: Case, action: str) -> str:
    """Return the most likely ground for ``action`` on ``case``: what the file itself says goes before what is seen."""
    if action == Action.APPROVE:
        declared = case.artwork.declared_origin in (DeclaredOrigin.ASSISTED, DeclaredOrigin.GENERATED)
        code = ReasonCode.DECLARED if declared else ReasonCode.HUMAN_MADE
    elif action == Action.REJECT and case.severity == Severity.THEFT:
        code = ReasonCode.COPIED
    elif _marks(case):
        code = ReasonCode.GENERATOR_MARKS
    elif action == Action.REJECT and case.kind == "unscreened":
        code = ReasonCode.UNREADABLE
    else:
        code = ReasonCode.UNDECLARED_AI
    return f"{action}:{code.value}"


def restricts(reason: Reason) -> bool:
    """Whether the decision would cost the artist something."""
    return reason.action in RESTRICTING


SEEN_BEFORE = ("possible_theft", "seen_restricted", "seen_approved")
"""Kinds of evidence that compare the picture with earlier ones."""
NO_MARKS = ("classifier", "declaration", *SEEN_BEFORE)
"""Kinds of evidence that are no marks in the file itself."""


def _place(words: str) -> str:
    return f"{OPEN}{words}{CLOSE}"


def _seen(keys: Iterable[str]) -> str:
    words = [str(OBSERVATIONS[key].words) for key in keys if key in OBSERVATIONS]
    *others, last = words or [""]
    if not others:
        return last
    listed = reduce(lambda first, next_: fill(str(LISTED), {"first": first, "next": next_}), others)
    return fill(str(LISTED_LAST), {"first": listed, "last": last})


def _marks(case: Case) -> str:
    """Return what the file tells about its making, in the sentences meant for artists; strongest first, no repeats."""
    if case.screening is None:
        return ""
    found = [Evidence.from_dict(item) for item in case.screening.evidence if item.get("kind") not in NO_MARKS]
    proofs = [finding for finding in found if finding.strength == Strength.PROOF]
    told = proofs or [finding for finding in found if finding.strength == Strength.STRONG]
    return " ".join(dict.fromkeys(str(finding.artist_message) for finding in told if finding.artist_message))
