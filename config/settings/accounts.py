"""Signing in, passwords, second steps, and the emails about them."""

from .connections import BATON_PROXIES, MAILERS
from .environment import number

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
# The second one reads older hashes, which are replaced when their owners sign in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "first_name", "last_name"]},
    },
]
PASSWORD_RESET_TIMEOUT = 24 * 3600

ACCOUNT_ADAPTER = "teams.sign_in.adapter.Account"
USERSESSIONS_ADAPTER = "teams.sign_in.adapter.Sessions"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_CHANGE_EMAIL = True
# Without email nobody could confirm an address.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAILERS else "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Sensitive actions ask for the password again if it was last entered longer ago than this.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60 * number("REAUTHENTICATION_MINUTES", 15)
# The keys count an address and a network together, `_anywhere` an address alone, `_known` an address on a device that
# its owner has signed in with (teams/sign_in/attempts.py has the periods).
ACCOUNT_RATE_LIMITS = {
    "login": None,  # correct attempts are not counted
    "login_failed": "30/5m/ip,5/5m/key",
    "login_failed_anywhere": "60/60m/key",
    "login_failed_known": "10/5m/key",
    "code": "30/5m/ip,5/5m/key",
    "code_anywhere": "30/60m/key",
    "code_known": "5/5m/key",
    "reset_password": None,
    "reset_link": "20/5m/ip,3/5m/key",
    "reset_link_anywhere": "10/60m/key",
    "reset_link_known": "3/5m/key",
    "invitation": "20/5m/key",
    "api_key": "300/5m/key",
    "hook": "50/5m/key",
    "reset_password_from_key": "20/5m/ip",
    "reauthenticate": "10/5m/user",
    "change_password": "10/5m/user",
    "manage_email": "10/5m/user",
    "confirm_email": "1/1m/key",
}
ACCOUNT_FORMS = {
    "login": "teams.sign_in.account_forms.SignIn",
    "reset_password": "teams.sign_in.account_forms.ResetPassword",
    "reset_password_from_key": "teams.sign_in.account_forms.NewPassword",
    "change_password": "teams.sign_in.account_forms.ChangePassword",
    "set_password": "teams.sign_in.account_forms.SetPassword",
    "reauthenticate": "teams.sign_in.account_forms.Reauthenticate",
    "add_email": "teams.sign_in.account_forms.ChangeEmail",
}
MFA_ADAPTER = "teams.access.two_step.TwoStep"
MFA_FORMS = {
    "authenticate": "teams.sign_in.account_forms.TwoStepCode",
    "reauthenticate": "teams.sign_in.account_forms.TwoStepCodeAgain",
    "activate_totp": "teams.sign_in.account_forms.FirstCode",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Baton"
# The clock of a phone may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# There is no sign-up, so nobody can register another person's address.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Attempts to sign in are counted by address: the peer's without proxies, otherwise that in X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = BATON_PROXIES
