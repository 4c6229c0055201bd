"""The policy's pages: rules with their consequences in sight, drafts, versions, judging again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from moderation import services
from moderation.errors import ModerationError, PolicyChanged
from moderation.forms_policy import LookingForm, ReasonForm, RulesForm, in_words
from moderation.models import Policy, PolicyDraft, Rejudging
from moderation.models.score_count import WINDOWS
from moderation.permissions import is_policy_admin
from moderation.selectors import policies as looking
from moderation.selectors import policy_charts as charts
from moderation.services import bell, policies
from moderation.services.judging import band_for
from moderation.views._area import admins_only, area_page, figures_only
from moderation.views._desk import is_fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.operating import Operating
    from moderation.services.policies import Change
    from moderation.views._desk import DeskRequest

FPR_CHOICES = (0.005, 0.01, 0.02, 0.05)
HISTORY_PAGE = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A change in words; an empty side is inherited there."""

    scope: str
    rule: str
    before: str
    after: str


@require_http_methods(["GET", "HEAD", "POST"])
@figures_only
def policy(request: DeskRequest) -> HttpResponse:
    """Show the rules and what they would do. A POST looks ahead at what was entered, and stores nothing."""
    category = _category(request)
    draft = _draft_of(request)
    rules = draft.as_policy() if draft else services.current_policy()
    data = _with_choice(request.POST) if request.method == "POST" else None
    form = RulesForm(data, rules=rules, category=category, reason=draft.reason if draft else "")
    status = 422 if data is not None and not form.is_valid() else 200
    return _page(
        request,
        form,
        LookingForm(data or (request.GET if "prevalence" in request.GET else None)),
        draft,
        status=status,
    )


@require_safe
@figures_only
def preview(request: DeskRequest) -> HttpResponse:
    """Send what the rules in the query would do, as a part of the page."""
    draft = _draft_of(request)
    current = services.current_policy()
    form = RulesForm(request.GET, rules=draft.as_policy() if draft else current, category=_category(request))
    looks = LookingForm(request.GET)
    context = {
        **_ahead(form, looks, current, with_works=is_policy_admin(request.user)),
        "problems": _problems(form),
        "oob": True,
    }
    return area_page(request, "moderation/policy/_ahead.html", context)


@require_POST
@admins_only
def save(request: DeskRequest) -> HttpResponse:
    """Keep what was entered as the admin's draft."""
    category = _category(request)
    draft = _draft_of(request)
    rules = draft.as_policy() if draft else services.current_policy()
    form = RulesForm(request.POST, rules=rules, category=category)
    looks = LookingForm(request.POST)
    if not form.is_valid():
        return _page(request, form, looks, draft, status=422)
    kept = services.save_draft(author=request.user, rules=form.result, reason=form.cleaned_data["reason"])
    if request.POST.get("then") == "publish":
        return redirect("moderation:policy_draft", pk=kept.pk)
    messages.success(request, _("The draft is kept. Nothing is judged by it until it is published."))
    prevalence, hours, days = looks.values
    query = urlencode({"category": category, "prevalence": round(prevalence * 100, 1), "hours": hours, "days": days})
    return redirect(f"{reverse('moderation:policy')}?{query}")


@require_safe
@admins_only
def draft(request: DeskRequest, pk: int) -> HttpResponse:
    """Show a draft beside the policy in force: what changes, and what follows. From here it is published."""
    found = get_object_or_404(PolicyDraft.objects.select_related("base", "author"), pk=pk)
    return _draft_page(request, found, ReasonForm(initial={"reason": found.reason}))


@require_POST
@admins_only
def publish(request: DeskRequest, pk: int) -> HttpResponse:
    """Publish a draft as the new version."""
    found = PolicyDraft.objects.select_related("base", "author").filter(pk=pk).first()
    if found is None:
        messages.error(request, _("This draft is gone: it was published or dropped meanwhile."))
        return redirect("moderation:policy")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _draft_page(request, found, form, status=422)
    try:
        published = services.publish_draft(
            draft=found,
            publisher=request.user,
            seen=request.POST.get("seen", ""),
            reason=form.cleaned_data["reason"],
        )
    except (ModerationError, ValidationError) as error:
        refused = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        return _draft_page(request, found, form, refused=refused, status=409)
    messages.success(request, _("Policy %(version)s is in force.") % {"version": published.version})
    return redirect("moderation:policy_version", version=published.version)


@require_POST
@admins_only
def drop(request: DeskRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    found = PolicyDraft.objects.filter(pk=pk).first()
    if found is not None:
        services.drop_draft(draft=found, actor=request.user)
        messages.success(request, _("The draft is dropped. The policy in force is unchanged."))
    return redirect("moderation:policy")


@require_safe
@figures_only
def history(request: DeskRequest) -> HttpResponse:
    """List the versions, latest first, each with what it changed."""
    before = request.GET.get("before", "")
    versions = Policy.objects.select_related("author", "approver").order_by("-version")
    if before.isdecimal() and len(before) < 10:
        versions = versions.filter(version__lt=int(before))
    rows = list(versions[: HISTORY_PAGE + 1])
    shown = rows[:HISTORY_PAGE]
    lines = [
        (one, _in_words(policies.differences(older, one)) if older else [])
        for one, older in zip(shown, [*rows[1:], None], strict=False)
    ]
    context = {
        "lines": lines,
        "current": services.current_policy(),
        "more": shown[-1].version if len(rows) > HISTORY_PAGE else None,
        "run": Rejudging.objects.select_related("policy").order_by("-pk").first(),
    }
    return area_page(request, "moderation/policy/history.html", context)


@require_safe
@figures_only
def version(request: DeskRequest, version: int) -> HttpResponse:
    """Show one version whole, with what it changed and how it differs from the one in force."""
    return _version_page(request, version, ReasonForm())


@require_POST
@admins_only
def return_to(request: DeskRequest, version: int) -> HttpResponse:
    """Publish a new version equal to this one."""
    earlier = get_object_or_404(Policy, version=version)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _version_page(request, version, form, status=422)
    seen = request.POST.get("seen", "")
    try:
        made = services.return_to(
            earlier=earlier,
            author=request.user,
            reason=form.cleaned_data["reason"],
            seen_version=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
        )
    except PolicyChanged as error:
        return _version_page(request, version, form, refused=str(error), status=409)
    if isinstance(made, PolicyDraft):
        messages.info(request, _("A draft equal to it waits for a second person, who publishes it."))
        return redirect("moderation:policy_draft", pk=made.pk)
    messages.success(request, _("Policy %(version)s is in force.") % {"version": made.version})
    return redirect("moderation:policy_version", version=made.version)


@require_POST
@admins_only
def rejudge(request: DeskRequest) -> HttpResponse:
    """Begin to judge the works that stand open again under the policy in force, or go on with it."""
    asked = request.POST.get("version", "")
    judging = get_object_or_404(Policy, version=int(asked) if asked.isdecimal() and len(asked) < 10 else 0)
    try:
        services.start_rejudging(policy=judging, actor=request.user)
    except PolicyChanged as error:
        messages.error(request, str(error))
    return redirect("moderation:policy_history")


@require_safe
@figures_only
def progress(request: DeskRequest, pk: int) -> HttpResponse:
    """Send how far judging again is, as a part of the page."""
    return _progress(request, pk)


@require_POST
@admins_only
def stop(request: DeskRequest, pk: int) -> HttpResponse:
    """Stop judging again after the works that are under way."""
    services.stop_rejudging(run=get_object_or_404(Rejudging, pk=pk), actor=request.user)
    if is_fragment(request):
        return _progress(request, pk)
    return redirect("moderation:policy_history")


@require_POST
@admins_only
def count(request: DeskRequest) -> HttpResponse:
    """Have stored scores counted now instead of within minutes."""
    if bell.ring_for_counting():
        messages.info(request, _("Scores are being counted; the page shows them when you open it again."))
    else:
        messages.error(request, _("No worker can be reached. Scores are counted as soon as one is back."))
    return redirect("moderation:policy")


def _progress(request: DeskRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Rejudging.objects.select_related("policy"), pk=pk)
    context = {"run": run, "current": services.current_policy()}
    return area_page(request, "moderation/policy/_rejudging.html", context)


def _page(
    request: DeskRequest,
    form: RulesForm,
    looks: LookingForm,
    draft: PolicyDraft | None,
    *,
    status: int = 200,
) -> HttpResponse:
    current = services.current_policy()
    ahead = _ahead(form, looks, current, with_works=is_policy_admin(request.user))
    seen: looking.Preview = ahead["ahead"]
    others = PolicyDraft.objects.select_related("author").exclude(author=request.user).order_by("-updated_at")[:20]
    context = {
        **ahead,
        "form": form,
        "looks": looks,
        "draft": draft,
        "others": list(others) if is_policy_admin(request.user) else [],
        "current": current,
        "category": form.category,
        "categories": [
            (value, label, len(form.rules.overrides.get(value, {}))) for value, label in looking.categories(form.rules)
        ],
        "choices": _choices(seen.operating),
        "problems": _problems(form),
    }
    return area_page(request, "moderation/policy/policy.html", context, status=status)


def _ahead(form: RulesForm, looks: LookingForm, current: Policy, *, with_works: bool) -> dict[str, Any]:
    """Return what the preview shows of a form: of its result if it is valid, else of what stood there before."""
    rules = form.result if form.is_bound and form.is_valid() else form.rules
    prevalence, hours, days = looks.values
    seen = looking.preview(draft=rules, current=current, category=form.category, prevalence=prevalence)
    works = looking.changing_works(current, rules, days=days, category=form.category) if with_works else []
    shown = next(one for one in seen.replays if one.days == days)
    now, then = current.within(form.category), rules.within(form.category)
    return {
        "ahead": seen,
        "shown": shown,
        "hours": hours,
        "days": days,
        "windows": WINDOWS,
        "works": [(look, _move(look, now, then)) for look in works],
        "expected_people": seen.moderators(seen.expected_cases.value + seen.other_cases, hours)
        if seen.expected_cases
        else None,
        "expected_total": seen.expected_cases.value + seen.other_cases if seen.expected_cases else None,
        "replayed_people": seen.moderators(shown.cases_a_day, hours),
        "strips": charts.strips(seen, days),
        "roc": charts.roc(seen),
        "precision": charts.precision(seen),
        "loads": charts.loads(seen, hours),
        "here": then,
    }


def _move(look: Any, now: Policy, then: Policy) -> tuple[str, str]:
    """Return the band of a look under both policies, in words."""
    bands = []
    for one in (now, then):
        here = one.within(look.artwork.category)
        bonus = here.trusted_artist_bonus if look.review_bonus else 0.0
        bands.append(band_for(look.ground, look.p_ai, here, bonus))
    return str(bands[0].label), str(bands[1].label)


def _draft_page(
    request: DeskRequest, found: PolicyDraft, form: ReasonForm, *, refused: str = "", status: int = 200
) -> HttpResponse:
    current = services.current_policy()
    rules = found.as_policy()
    prevalence = LookingForm.base_fields["prevalence"].initial / 100
    context = {
        "draft": found,
        "form": form,
        "current": current,
        "changes": _in_words(policies.differences(current, rules)),
        "ahead": looking.preview(draft=rules, current=current, prevalence=prevalence),
        "stamp": policies.stamp(found, current),
        "waits": current.needs_second_person and found.author_id == request.user.pk,
        "refused": refused,
    }
    return area_page(request, "moderation/policy/draft.html", context, status=status)


def _version_page(
    request: DeskRequest, number: int, form: ReasonForm, *, refused: str = "", status: int = 200
) -> HttpResponse:
    found = Policy.objects.select_related("author", "approver").filter(version=number).first()
    if found is None:
        raise Http404
    older = Policy.objects.filter(version__lt=number).order_by("-version").first()
    current = services.current_policy()
    rules = [(Policy.label_of(rule), in_words(rule, value)) for rule, value in found.values().items()]
    context = {
        "policy": found,
        "older": older,
        "current": current,
        "changes": _in_words(policies.differences(older, found)) if older else [],
        "since": _in_words(policies.differences(found, current)),
        "rules": rules,
        "own": [
            (name, [(Policy.label_of(rule), in_words(rule, value)) for rule, value in own.items()])
            for name, own in _named(found.overrides)
        ],
        "form": form,
        "refused": refused,
    }
    return area_page(request, "moderation/policy/version.html", context, status=status)


def _in_words(changes: Sequence[Change]) -> list[Difference]:
    names = dict(looking.categories(services.current_policy())) if any(one.category for one in changes) else {}

    def say(one: Change, value: Any) -> str:
        return "" if value is None else in_words(one.rule, value)

    return [
        Difference(names.get(one.category, one.category), one.label, say(one, one.before), say(one, one.after))
        for one in changes
    ]


def _named(overrides: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    names = dict(looking.categories(services.current_policy())) if overrides else {}
    return [(names.get(category, category), own) for category, own in sorted(overrides.items())]


def _choices(operating: Operating | None) -> list[tuple[float, float]]:
    """Return shares of human works flagged with the lowest threshold that keeps to each, by the card."""
    if operating is None:
        return []
    found = [(share, operating.least_threshold(share)) for share in FPR_CHOICES]
    return [(share, threshold) for share, threshold in found if threshold is not None]


def _with_choice(data: QueryDict) -> QueryDict:
    """Return the form's data with the threshold of the pressed choice in its place (without JavaScript)."""
    rule, _colon, value = data.get("choose", "").partition(":")
    if not _colon:
        return data
    changed = data.copy()
    changed[rule] = value
    if rule not in changed.getlist("own"):
        changed.appendlist("own", rule)
    return changed


def _problems(form: RulesForm) -> list[str]:
    if not form.is_bound or form.is_valid():
        return []
    return [str(message) for messages_of in form.errors.values() for message in messages_of]


def _category(request: DeskRequest) -> str:
    """Return the category that the page is about; empty (the site) where there is no such category."""
    asked = request.POST.get("category") or request.GET.get("category") or ""
    return asked if asked and asked in dict(looking.categories(services.current_policy())) else ""


def _draft_of(request: DeskRequest) -> PolicyDraft | None:
    return PolicyDraft.objects.select_related("base").filter(author=request.user).first()
