"""Signals that the plugin sends to the host, always after the transaction that they tell of has committed.

Each carries keyword arguments only; a receiver that fails does not disturb the others (``send_robust``).

``screened``: ``artwork``, ``screening``. A machine look ended with a result.
``flagged``: ``artwork``, ``case``. A case was opened: a person is asked.
``decided``: ``artwork``, ``decision``. A person decided.
``undone``: ``artwork``, ``decision``. A decision was taken back within its grace window.
``appealed``: ``artwork``, ``appeal``. The artist appealed; the answer comes as ``decided``.
``overdue``: ``artwork``, ``case``. A work waits longer than the policy allows: call a person.
"""

from django.dispatch import Signal

screened = Signal()
flagged = Signal()
decided = Signal()
undone = Signal()
appealed = Signal()
overdue = Signal()
