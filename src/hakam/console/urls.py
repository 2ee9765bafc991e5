"""The addresses of the room: public pages at the root, the console under `/desk/`."""

from __future__ import annotations

from django.urls import path

from hakam.console.desk import (
    case,
    clocks,
    complaints,
    deciding,
    deliveries,
    ledger,
    preferences,
    queue,
    rules,
    staff,
)
from hakam.console.outside import complaint, home, report, rulebook, transparency

app_name = "console"

urlpatterns = [
    path("", home.home, name="home"),
    path("report", report.report, name="report"),
    path("n/<str:token>", report.notice, name="notice"),
    path("n/<str:token>/<int:number>/complain", report.object_to_outcome, name="complain_as_notifier"),
    path("s/<str:token>", complaint.statement, name="statement"),
    path("s/<str:token>/complain", complaint.complain, name="complain"),
    path("c/<str:token>", complaint.complaint_status, name="complaint_status"),
    path("rules", rulebook.rulebook, name="rulebook"),
    path("rules.json", rulebook.rulebook_json, name="rulebook_json"),
    path("rules/differences", rulebook.differences, name="rulebook_differences"),
    path("rules/<str:name>", rulebook.rulebook, name="rulebook_version"),
    path("transparency", transparency.transparency, name="transparency"),
    path("language", preferences.set_language, name="set_language"),
    path("theme", preferences.set_theme, name="set_theme"),
    path("desk/", queue.queue, name="queue"),
    path("desk/counts", queue.counts, name="counts"),
    path("desk/next", queue.take_next, name="next"),
    path("desk/search", queue.search, name="search"),
    path("desk/preferences", preferences.preferences, name="preferences"),
    path("desk/cases/<int:case_id>/", case.case, name="case"),
    path("desk/cases/<int:case_id>/priority", queue.priority, name="priority"),
    path("desk/cases/<int:case_id>/lease", case.lease, name="lease"),
    path("desk/cases/<int:case_id>/skip", case.skip, name="skip"),
    path("desk/cases/<int:case_id>/draft", case.draft, name="draft"),
    path("desk/cases/<int:case_id>/evidence", case.reveal_evidence, name="reveal_evidence"),
    path("desk/cases/<int:case_id>/raw", case.reveal, name="reveal"),
    path("desk/cases/<int:case_id>/preview", deciding.preview, name="preview"),
    path("desk/cases/<int:case_id>/decide", deciding.decide, name="decide"),
    path("desk/decisions/<int:decision_id>/undo", deciding.undo, name="undo"),
    path("desk/complaints", complaints.listing, name="complaints"),
    path("desk/complaints/<str:complaint_id>", complaints.complaint, name="complaint"),
    path("desk/complaints/<str:complaint_id>/decide", complaints.decide, name="decide_complaint"),
    path("desk/rules", rules.rules, name="rules"),
    path("desk/deliveries", deliveries.listing, name="deliveries"),
    path("desk/deliveries/<str:effect_id>", deliveries.delivery, name="delivery"),
    path("desk/deliveries/<str:effect_id>/replay", deliveries.send_again, name="replay"),
    path("desk/ledger", ledger.listing, name="ledger"),
    path("desk/ledger/chain", ledger.chain, name="chain"),
    path("desk/ledger/story", ledger.story, name="story"),
    path("desk/ledger/<int:seq>", ledger.fact, name="fact"),
    path("desk/clocks", clocks.listing, name="clocks"),
    path("desk/people", staff.people, name="staff"),
    path("desk/people/add", staff.add_person, name="add_person"),
    path("desk/people/<int:user_id>", staff.change_person, name="change_person"),
    path("desk/keys", staff.api_keys, name="keys"),
    path("desk/keys/issue", staff.issue_key, name="issue_key"),
    path("desk/keys/<str:prefix>/revoke", staff.revoke_key, name="revoke_key"),
]
