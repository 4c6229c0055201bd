"""PolicyDraft: rules that somebody is still trying out. Nothing is judged by them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.models.policy import Policy


class PolicyDraft(models.Model):
    """What one policy admin would publish: the whole of the rules, begun from ``base``.

    Everybody has at most one. The author is whoever changed it last.
    """

    author = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("author")
    )
    base = models.ForeignKey("moderation.Policy", on_delete=models.PROTECT, related_name="+")
    values = models.JSONField(_("the site's rules"), default=dict)
    overrides = models.JSONField(_("categories' own rules"), default=dict, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("draft of a policy")
        verbose_name_plural = _("drafts of policies")

    def __str__(self) -> str:
        return _("Draft by %(author)s") % {"author": self.author}

    def as_policy(self) -> Policy:
        """Return the rules as a policy that is not stored. A rule newer than the draft comes from its base."""
        known = set(Policy.rules())
        values: dict[str, Any] = {name: value for name, value in self.values.items() if name in known}
        return Policy(
            version=self.base.version + 1,
            overrides={category: dict(own) for category, own in self.overrides.items()},
            **{**self.base.values(), **values},
        )
