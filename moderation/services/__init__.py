"""The verbs of the plugin. Typed, one transaction each: check, change, log an event, signal on commit.

A host calls ``request_screening``, ``withdraw`` and ``rescreen``; the worker ``screen_pending`` and the sweepers;
a moderator's page ``claim_case``, ``decide`` and ``undo``.
"""

from moderation.services.cases import claim_case, open_case, release_case
from moderation.services.decisions import decide, undo
from moderation.services.policies import current_policy, publish_policy
from moderation.services.requests import request_screening, rescreen, withdraw
from moderation.services.screen_pending import screen_pending
from moderation.services.sweeping import sweep, sweep_missed

__all__ = [
    "claim_case",
    "current_policy",
    "decide",
    "open_case",
    "publish_policy",
    "release_case",
    "request_screening",
    "rescreen",
    "screen_pending",
    "sweep",
    "sweep_missed",
    "undo",
    "withdraw",
]
