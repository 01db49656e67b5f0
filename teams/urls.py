from django.contrib.auth.views import LogoutView
from django.urls import path

from . import (
    audit_views,
    budget_views,
    key_views,
    live,
    member_views,
    notifications,
    pausing_views,
    settings_views,
    webhook_views,
)
from .signing_in import SignIn

urlpatterns = [
    path(
        "sign-in/",
        SignIn.as_view(template_name="teams/sign_in.html", redirect_authenticated_user=True),
        name="sign_in",
    ),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("settings/budgets/", budget_views.budgets, name="budgets"),
    path("settings/notifications/", notifications.notifications, name="notifications"),
    path("settings/", settings_views.settings_home, name="settings"),
    path("settings/webhooks/", webhook_views.webhooks, name="webhooks"),
    path("settings/webhooks/new/", webhook_views.webhook_new, name="webhook_new"),
    path("settings/webhooks/<uuid:id>/", webhook_views.webhook, name="webhook"),
    path("settings/webhooks/<uuid:id>/edit/", webhook_views.webhook_edit, name="webhook_edit"),
    path("settings/webhooks/<uuid:id>/pause/", webhook_views.webhook_pause, name="webhook_pause"),
    path("settings/webhooks/<uuid:id>/resume/", webhook_views.webhook_resume, name="webhook_resume"),
    path("settings/webhooks/<uuid:id>/test/", webhook_views.webhook_ping, name="webhook_ping"),
    path("settings/webhooks/<uuid:id>/secret/", webhook_views.webhook_secret, name="webhook_secret"),
    path("settings/webhooks/<uuid:id>/secret/drop/", webhook_views.webhook_secret_drop, name="webhook_secret_drop"),
    path("settings/webhooks/<uuid:id>/delete/", webhook_views.webhook_delete, name="webhook_delete"),
    path("settings/deliveries/<uuid:id>/resend/", webhook_views.delivery_resend, name="delivery_resend"),
    path("paused/", pausing_views.paused, name="paused"),
    path("settings/members/", member_views.members, name="members"),
    path("settings/members/invite/", member_views.member_invite, name="member_invite"),
    path("settings/members/<int:id>/role/", member_views.member_role, name="member_role"),
    path("settings/members/<int:id>/remove/", member_views.member_remove, name="member_remove"),
    path("settings/members/leave/", member_views.team_leave, name="team_leave"),
    path("settings/invitations/<uuid:id>/withdraw/", member_views.invitation_withdraw, name="invitation_withdraw"),
    path("invitation/", member_views.invitation, name="invitation"),
    path("team/", member_views.team_switch, name="team_switch"),
    path("settings/keys/", key_views.keys, name="keys"),
    path("settings/keys/<int:id>/revoke/", key_views.key_revoke, name="key_revoke"),
    path("settings/audit/", audit_views.audit_log, name="audit_log"),
    path("settings/audit/export/", audit_views.audit_export, name="audit_export"),
    path("live/", live.stream, name="live"),
]
