"""The operators' admin: its look, and its navigation."""

from django.templatetags.static import static
from django.urls import reverse_lazy

UNFOLD = {
    "SITE_TITLE": "Baton",
    "SITE_HEADER": "Baton",
    "SITE_SUBHEADER": "For operators",
    "SITE_URL": "/",
    "STYLES": [lambda request: static("css/admin.css")],
    "DASHBOARD_CALLBACK": "ops.admin.dashboard.dashboard",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icon.svg")},
    ],
    "SIDEBAR": {
        "show_all_applications": False,
        "navigation": [
            {
                "title": title,
                "separator": True,
                "items": [
                    {"title": name, "icon": icon, "link": reverse_lazy(f"admin:{address}")}
                    for name, icon, address in items
                ],
            }
            for title, items in {
                "Operation": [
                    ("Dashboard", "dashboard", "index"),
                    ("Health", "monitor_heart", "health"),
                    ("Queues and workers", "memory", "django_rq_dashboard_changelist"),
                    ("Audit log", "policy", "teams_auditentry_changelist"),
                ],
                "Teams": [
                    ("Teams", "groups", "teams_team_changelist"),
                    ("People", "person", "teams_user_changelist"),
                    ("API keys", "vpn_key", "teams_apikey_changelist"),
                    ("Model keys", "key", "teams_credential_changelist"),
                    ("Webhooks", "webhook", "teams_webhook_changelist"),
                    ("Deliveries", "outbox", "teams_delivery_changelist"),
                ],
                "Agents": [
                    ("Agents", "smart_toy", "builder_agent_changelist"),
                    ("Revisions", "history_edu", "builder_revision_changelist"),
                    ("MCP servers", "construction", "builder_toolserver_changelist"),
                    ("Schedules", "schedule", "runs_schedule_changelist"),
                ],
                "Work": [
                    ("Queues", "inbox", "cases_queue_changelist"),
                    ("Cases", "folder", "cases_case_changelist"),
                    ("Events", "timeline", "cases_caseevent_changelist"),
                    ("Runs", "play_circle", "runs_run_changelist"),
                    ("Steps", "footprint", "runs_step_changelist"),
                    ("Handovers", "sync_alt", "runs_handover_changelist"),
                    ("Questions and approvals", "contact_support", "runs_humanrequest_changelist"),
                    ("Email", "mail", "runs_requestemail_changelist"),
                    ("Bulk actions", "checklist", "runs_bulkaction_changelist"),
                ],
            }.items()
        ],
    },
}
