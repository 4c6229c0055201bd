"""The plugin's tables, one file each."""

from moderation.models.alert import Alert, Watched
from moderation.models.appeal import Appeal, AppealFile, FileKind, Outcome, SummaryState
from moderation.models.artwork import Artwork, DeclaredOrigin, Label, Standing
from moderation.models.case import Case, CaseKind, CaseState, Severity
from moderation.models.consent import TrainingConsent
from moderation.models.decision import Action, Decision, ReasonCode
from moderation.models.desk import (
    CaseNote,
    DecisionBatch,
    DeskPreferences,
    Escalation,
    SavedView,
    SecondLook,
    Skip,
)
from moderation.models.detector import Detector, DetectorStatus, FilesState, ShadowScore
from moderation.models.draft import PolicyDraft
from moderation.models.event import Event, Seal
from moderation.models.fingerprint import Fingerprint
from moderation.models.gate import GateCheck, GateState, RegressionWork
from moderation.models.notice import Notice, NoticeState
from moderation.models.policy import Band, Policy, WaitedOut
from moderation.models.pulse import Pulse
from moderation.models.question import Question
from moderation.models.rejudging import Rejudging, RejudgingState
from moderation.models.saliency import Saliency
from moderation.models.score_count import Found, ScoreCount
from moderation.models.screening import Ground, Screening, ScreeningState
from moderation.models.thumbnail import Thumbnail

__all__ = [
    "Action",
    "Alert",
    "Appeal",
    "AppealFile",
    "Artwork",
    "Band",
    "Case",
    "CaseKind",
    "CaseNote",
    "CaseState",
    "Decision",
    "DecisionBatch",
    "DeclaredOrigin",
    "DeskPreferences",
    "Detector",
    "DetectorStatus",
    "Escalation",
    "Event",
    "FileKind",
    "FilesState",
    "Fingerprint",
    "Found",
    "GateCheck",
    "GateState",
    "Ground",
    "Label",
    "Notice",
    "NoticeState",
    "Outcome",
    "Policy",
    "PolicyDraft",
    "Pulse",
    "Question",
    "ReasonCode",
    "RegressionWork",
    "Rejudging",
    "RejudgingState",
    "Saliency",
    "SavedView",
    "ScoreCount",
    "Screening",
    "ScreeningState",
    "Seal",
    "SecondLook",
    "Severity",
    "ShadowScore",
    "Skip",
    "Standing",
    "SummaryState",
    "Thumbnail",
    "TrainingConsent",
    "WaitedOut",
    "Watched",
]
