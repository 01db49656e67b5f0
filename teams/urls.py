from allauth.account import views as account
from allauth.mfa.base import views as two_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.urls import path, re_path
from django.views.decorators.http import require_POST

from . import (
    audit_views,
    budget_views,
    key_views,
    live_streams,
    member_views,
    notifications,
    pausing_views,
    settings_views,
    webhook_views,
)
from .account_views import own_account, own_email, own_page

# Allauth's own names, since it looks them up. What is not here nobody reaches; `Account` keeps signing up closed.
_SIGNING_IN = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/code/", two_step.authenticate, name="mfa_authenticate"),
    path("sign-in/confirm/", account.email_verification_sent, name="account_email_verification_sent"),
    path("sign-in/deactivated/", account.account_inactive, name="account_inactive"),
    path("sign-up/", account.signup, name="account_signup"),
    path("sign-out/", require_POST(account.logout), name="account_logout"),
    path("password/", account.password_reset, name="account_reset_password"),
    path("password/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        "^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    re_path("^confirm-email/(?P<key>[-:0-9A-Za-z_]+)/$", account.confirm_email, name="account_confirm_email"),
]
_OWN_ACCOUNT = [
    path("account/", own_account, name="account"),
    path("account/email/", own_email, name="account_email"),
    path("account/password/", own_page(account.password_change), name="account_change_password"),
    path("account/password/set/", own_page(account.password_set), name="account_set_password"),
    path("account/two-step/", own_page(two_step.index), name="mfa_index"),
    path("account/two-step/on/", own_page(totp.activate_totp), name="mfa_activate_totp"),
    path("account/two-step/off/", own_page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/two-step/codes/", own_page(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "account/two-step/codes/new/",
        own_page(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("account/devices/", own_page(sessions.list_usersessions), name="usersessions_list"),
    path("account/again/", own_page(account.reauthenticate), name="account_reauthenticate"),
    path("account/again/code/", own_page(two_step.reauthenticate), name="mfa_reauthenticate"),
]

urlpatterns = [
    *_SIGNING_IN,
    *_OWN_ACCOUNT,
    path("settings/budgets/", budget_views.budgets, name="budgets"),
    path("settings/notifications/", notifications.notifications, name="notifications"),
    path("settings/", settings_views.settings_home, name="settings"),
    path("settings/general/", settings_views.general, name="general"),
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
    path("live/", live_streams.stream, name="live"),
]
