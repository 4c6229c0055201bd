"""The plugin's addresses, to be included by the host under the namespace ``moderation``."""

from __future__ import annotations

from django.urls import path, re_path

from moderation.views import (
    artworks,
    audit,
    cases,
    decisions,
    detectors,
    hearing,
    overview,
    policy,
    preferences,
    queue,
    second_looks,
)

app_name = "moderation"

urlpatterns = [
    # For artists and everyone
    path("artworks/<uuid:reference>/", artworks.artwork, name="artwork"),
    path("artworks/<uuid:reference>/file", artworks.artwork_file, name="artwork_file"),
    path("artworks/<uuid:reference>/thumbnail", artworks.artwork_thumbnail, name="artwork_thumbnail"),
    path("artworks/<uuid:reference>/answer", artworks.answer, name="answer"),
    path("artworks/<uuid:reference>/status", artworks.artwork_status, name="artwork_status"),
    # The hearing: decisions told to the artist, appeals, the artist's record
    path("record", hearing.record, name="record"),
    path("record/consent", hearing.consent, name="consent"),
    path("decisions/<uuid:reference>/", hearing.decision, name="decision"),
    path("decisions/<uuid:reference>/statement.json", hearing.decision_json, name="decision_json"),
    path("decisions/<uuid:reference>/appeal", hearing.appeal, name="appeal"),
    path("appeal-files/<uuid:reference>", hearing.appeal_file, name="appeal_file"),
    path("cases/<int:pk>/appeal", hearing.decide_appeal, name="decide_appeal"),
    # The queue
    path("", queue.queue, name="queue"),
    path("live", queue.live, name="queue_live"),
    path("next", queue.next_case, name="next"),
    path("views", queue.save_view, name="save_view"),
    path("views/<int:pk>/remove", queue.remove_view, name="remove_view"),
    path("preferences", preferences.preferences, name="preferences"),
    # A case
    path("cases/<int:pk>/", cases.case, name="case"),
    path("screenings/<int:pk>/saliency", artworks.saliency, name="saliency"),
    path("cases/<int:pk>/keep", cases.keep, name="keep"),
    path("cases/<int:pk>/take-over", cases.take_over, name="take_over"),
    path("cases/<int:pk>/skip", cases.skip, name="skip"),
    path("cases/<int:pk>/escalate", cases.escalate, name="escalate"),
    path("cases/<int:pk>/ask", cases.ask, name="ask"),
    path("cases/<int:pk>/note", cases.note, name="note"),
    path("cases/<int:pk>/wrong", cases.wrong, name="wrong"),
    path("cases/<int:pk>/reopen", cases.reopen, name="reopen"),
    path("cases/<int:pk>/decide", decisions.decide, name="decide"),
    path("decisions/<int:pk>/undo", decisions.undo, name="undo"),
    # Several cases at once
    path("bulk", decisions.bulk, name="bulk"),
    path("batches/<uuid:reference>/undo", decisions.undo_batch, name="undo_batch"),
    # Looking back
    path("second-look", second_looks.next_look, name="second_looks"),
    path("second-look/<int:pk>", second_looks.second_look, name="second_look"),
    path("overview", overview.overview, name="overview"),
    path("overview/<slug:table>.csv", overview.export, name="overview_csv"),
    # The policy
    path("policy/", policy.policy, name="policy"),
    path("policy/preview", policy.preview, name="policy_preview"),
    path("policy/save", policy.save, name="policy_save"),
    path("policy/count", policy.count, name="policy_count"),
    path("policy/drafts/<int:pk>/", policy.draft, name="policy_draft"),
    path("policy/drafts/<int:pk>/publish", policy.publish, name="policy_publish"),
    path("policy/drafts/<int:pk>/drop", policy.drop, name="policy_drop"),
    path("policy/history", policy.history, name="policy_history"),
    path("policy/history/<int:version>/", policy.version, name="policy_version"),
    path("policy/history/<int:version>/return", policy.return_to, name="policy_return"),
    path("policy/rejudge", policy.rejudge, name="policy_rejudge"),
    path("policy/rejudge/<int:pk>/", policy.progress, name="policy_rejudging"),
    path("policy/rejudge/<int:pk>/stop", policy.stop, name="policy_rejudge_stop"),
    # Detectors
    path("policy/detectors", detectors.registry, name="detectors"),
    path("policy/detectors/look", detectors.look, name="detectors_look"),
    path("policy/detectors/back", detectors.back, name="detectors_back"),
    path("policy/detectors/<int:pk>/", detectors.detector, name="detector"),
    path("policy/detectors/<int:pk>/gate", detectors.gate_progress, name="detector_gate"),
    path("policy/detectors/<int:pk>/change/<slug:verb>", detectors.change, name="detector_change"),
    # The log
    path("policy/audit", audit.audit, name="audit"),
    re_path(r"^policy/audit\.(?P<kind>csv|json)$", audit.export, name="audit_export"),
]
