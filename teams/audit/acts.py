"""Every act that the audit log knows, in words, by what it is about."""

AREAS: dict[str, tuple[str, dict[str, str]]] = {
    "signing_in": (
        "Signing in",
        {
            "signed_in": "Signed in",
            "signed_out": "Signed out",
            "sign_in_failed": "Failed to sign in",
            "password_changed": "Changed a password",
            "password_link_made": "Made a link for a new password",
            "email_changed": "Changed an email address",
            "two_step_on": "Switched two-step sign-in on",
            "two_step_off": "Switched two-step sign-in off",
            "recovery_codes_made": "Made new recovery codes",
        },
    ),
    "people": (
        "People",
        {
            "member_joined": "Joined the team",
            "member_role": "Changed a role",
            "member_removed": "Removed a member",
            "member_left": "Left the team",
            "invited": "Invited somebody",
            "invitation_withdrawn": "Withdrew an invitation",
            "person_made": "Made an account",
            "person_changed": "Changed an account",
            "person_deactivated": "Deactivated somebody",
            "person_reactivated": "Let somebody in again",
        },
    ),
    "keys": ("API keys", {"key_made": "Made an API key", "key_revoked": "Revoked an API key"}),
    "credentials": (
        "Keys of providers",
        {
            "credential_added": "Added a key of a provider",
            "credential_changed": "Changed a key of a provider",
            "credential_deleted": "Deleted a key of a provider",
            "tool_calls_changed": "Changed how a model calls tools",
        },
    ),
    "agents": (
        "Agents",
        {
            "agent_made": "Made an agent",
            "agent_changed": "Changed an agent",
            "agent_published": "Published a revision",
            "agent_connected": "Changed the connections of an agent",
            "agent_paused": "Paused an agent",
            "agent_resumed": "Resumed an agent",
            "agent_deleted": "Deleted an agent",
            "agent_restored": "Restored an agent",
            "agents_imported": "Imported agents",
            "agents_exported": "Exported agents",
        },
    ),
    "schedules": (
        "Schedules",
        {
            "schedule_made": "Made a schedule",
            "schedule_changed": "Changed a schedule",
            "schedule_paused": "Paused a schedule",
            "schedule_resumed": "Resumed a schedule",
            "schedule_deleted": "Deleted a schedule",
        },
    ),
    "queues": (
        "Queues",
        {
            "queue_made": "Made a queue",
            "queue_changed": "Changed a queue",
            "queue_paused": "Paused a queue",
            "queue_resumed": "Resumed a queue",
            "queue_deleted": "Deleted a queue",
        },
    ),
    "cases": (
        "Cases",
        {
            "case_moved": "Moved a case",
            "case_deleted": "Deleted a case",
            "file_deleted": "Deleted a file of a case",
            "comment_deleted": "Deleted a comment",
            "cases_imported": "Imported cases",
            "import_stopped": "Stopped an import of cases",
            "cases_exported": "Exported cases",
            "bulk_started": "Did something to many cases",
            "bulk_undone": "Took back what was done to many cases",
            "bulk_stopped": "Stopped what was being done to many cases",
            "label_changed": "Changed a label",
            "label_deleted": "Deleted a label",
        },
    ),
    "runs": (
        "Runs",
        {
            "run_started": "Started a run",
            "run_stopped": "Stopped a run",
            "run_requeued": "Took a run from its worker",
            "request_answered": "Answered an agent",
            "request_given": "Gave a request to somebody",
            "request_due": "Changed when a request is due",
            "route_corrected": "Corrected a route",
            "correction_undone": "Took back a correction",
        },
    ),
    "servers": (
        "MCP servers",
        {
            "server_added": "Added an MCP server",
            "server_changed": "Changed an MCP server",
            "server_deleted": "Deleted an MCP server",
            "server_tools": "Chose tools of an MCP server",
            "tool_accepted": "Accepted a changed tool",
        },
    ),
    "webhooks": (
        "Webhooks",
        {
            "webhook_added": "Added a webhook",
            "webhook_changed": "Changed a webhook",
            "webhook_paused": "Paused a webhook",
            "webhook_resumed": "Resumed a webhook",
            "webhook_deleted": "Deleted a webhook",
            "message_resent": "Sent a message again",
        },
    ),
    "settings": (
        "Settings",
        {"settings_changed": "Changed settings", "audit_exported": "Exported the audit log"},
    ),
    "operators": (
        "Operators",
        {
            "team_made": "Made a team",
            "team_changed": "Changed a team",
            "team_paused": "Paused the team",
            "team_resumed": "Resumed the team",
            "everything_paused": "Paused all teams",
            "everything_resumed": "Resumed all teams",
            "rq_changed": "Did something to RQ’s jobs or workers",
        },
    ),
}

ACTS = {act: words for _, acts in AREAS.values() for act, words in acts.items()}


def of_area(area: str) -> list[str]:
    return list(AREAS[area][1]) if area in AREAS else []
