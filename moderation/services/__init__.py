"""The verbs of the plugin. Typed, one transaction each: check, change, log an event, signal on commit.

A host calls ``request_screening``, ``withdraw`` and ``rescreen``; the worker ``screen_pending`` and the sweepers;
a moderator's page ``claim_case``, ``claim_next``,
``decide``, ``decide_many`` and ``undo``; a policy admin's ``save_draft``, ``publish_draft``, ``return_to`` and
``start_rejudging``.
"""

from moderation.services.appeals import decide_appeal, file_appeal
from moderation.services.bulk import decide_many, undo_batch
from moderation.services.cases import claim_case, open_case, release_case
from moderation.services.claiming import claim_next, keep_case, skip_case
from moderation.services.counting import count_scores
from moderation.services.decisions import decide, undo
from moderation.services.notices import send_notices
from moderation.services.passing_on import add_note, escalate_case, reopen_case
from moderation.services.policies import (
    current_policy,
    drop_draft,
    publish_draft,
    publish_policy,
    return_to,
    save_draft,
)
from moderation.services.questions import answer_question, ask_artist
from moderation.services.rejudging import rejudge, start_rejudging, stop_rejudging
from moderation.services.requests import request_screening, rescreen, withdraw
from moderation.services.screen_pending import screen_pending
from moderation.services.second_looks import take_second_look
from moderation.services.sweeping import sweep, sweep_missed

__all__ = [
    "add_note",
    "answer_question",
    "ask_artist",
    "claim_case",
    "claim_next",
    "count_scores",
    "current_policy",
    "decide",
    "decide_appeal",
    "decide_many",
    "drop_draft",
    "escalate_case",
    "file_appeal",
    "keep_case",
    "open_case",
    "publish_draft",
    "publish_policy",
    "rejudge",
    "release_case",
    "reopen_case",
    "request_screening",
    "rescreen",
    "return_to",
    "save_draft",
    "screen_pending",
    "send_notices",
    "skip_case",
    "start_rejudging",
    "stop_rejudging",
    "sweep",
    "sweep_missed",
    "take_second_look",
    "undo",
    "undo_batch",
    "withdraw",
]
