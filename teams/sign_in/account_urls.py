"""The addresses of signing in and of one's own account."""

from allauth.account import views as account
from allauth.mfa.base import views as two_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.urls import path, re_path
from django.views.decorators.http import require_POST

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

urlpatterns = [*_SIGNING_IN, *_OWN_ACCOUNT]
