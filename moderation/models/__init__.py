"""The plugin's tables, one file each."""

from moderation.models.artwork import Artwork, DeclaredOrigin, Label, Standing
from moderation.models.case import Case, CaseKind, CaseState, Severity
from moderation.models.decision import Action, Decision, ReasonCode
from moderation.models.detector import Detector
from moderation.models.event import Event
from moderation.models.policy import Band, Policy
from moderation.models.screening import Screening, ScreeningState

__all__ = [
    "Action",
    "Artwork",
    "Band",
    "Case",
    "CaseKind",
    "CaseState",
    "Decision",
    "DeclaredOrigin",
    "Detector",
    "Event",
    "Label",
    "Policy",
    "ReasonCode",
    "Screening",
    "ScreeningState",
    "Severity",
    "Standing",
]
