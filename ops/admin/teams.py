"""The operators' admin: teams, people, keys and webhooks, and the policy of all its pages."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware
from django.utils.html import format_html_join
from django.utils.text import Truncator
from django.views.decorators.csp import csp_override
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from teams.access import live
from teams.access.operators import may_operate, operator_of
from teams.audit import audit
from teams.audit.acts import ACTS
from teams.keys import api_keys
from teams.models import ApiKey, AuditEntry, Credential, Delivery, Member, Team, User, Webhook
from teams.people import accounts, members
from teams.settings import pausing
from teams.webhooks import webhooks

from .pages import Changeable, ReadOnly, verb


@sync_and_async_middleware
def admin_policy(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The admin's scripts evaluate expressions, so it alone gets a looser content security policy."""
    loosened = csp_override(settings.ADMIN_CSP)(get_response)

    def handler(request: HttpRequest) -> Callable[[HttpRequest], Any]:
        return loosened if request.path.startswith("/admin/") else get_response

    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            return await handler(request)(request)

        return async_middleware
    return lambda request: handler(request)(request)


class MemberInline(TabularInline):  # type: ignore[misc]
    model = Member
    extra = 0
    fields = ["user", "role"]

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # members are invited, and `manage.py create_administrator` makes administrators

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Team)
class TeamAdmin(Changeable):
    list_display = ["name", "slug", "paused_at", "created_at"]
    list_filter = [("paused_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "paused_at"]
    readonly_fields = ["paused_at"]
    inlines = [MemberInline]
    actions = [
        verb(
            "Pause",
            "Shall all work of these teams stand still? Nothing starts; running agents stop before their next step.",
            lambda team, by: pausing.pause_team(team),
        ),
        verb("Resume", "Shall these teams go on with their work?", lambda team, by: pausing.resume_team(team)),
    ]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return may_operate(request, Team)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `manage.py create_team` also makes the team's first queue

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        said = [(words, form.initial[name], getattr(obj, name)) for name, words in (("name", "Name"), ("slug", "Slug"))]
        if differs := audit.changes(said):
            audit.record(obj.pk, "team_changed", obj, differs)


@admin.register(User)
class PersonAdmin(UserAdmin, Changeable):  # type: ignore[type-arg]
    """Accounts are deactivated, not deleted, so that what a person did keeps their name."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "is_active", "is_staff"]
    search_fields = ["email", "first_name", "last_name"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name"]}),
        ("May", {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    readonly_fields = ["is_active"]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "password1", "password2"]})]
    filter_horizontal = []
    actions = [
        verb(
            "Deactivate",
            "Sign these people out, and let them sign in no longer? What they did stays under their names.",
            members.deactivate,
        ),
        verb("Let in again", "Shall these people be able to sign in again?", members.reactivate),
        verb(
            "End two-step sign-in",
            "Have these people lost their phone and their recovery codes? Their password alone lets them in then.",
            accounts.end_two_step,
        ),
    ]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return may_operate(request, User)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        accounts.save_account(obj, operator_of(request))

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        if request.path.endswith("/password/"):  # the only field that is changed elsewhere
            audit.record_of_person(obj, "password_changed", by=operator_of(request))
            live.end_streams(obj.pk)
        return super().log_change(request, obj, message)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    list_display = ["name", "prefix", "team", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["team"]
    list_filter = [("team", AutocompleteSelectFilter)]
    search_fields = ["name", "prefix"]
    hidden = ["digest"]
    actions = [verb("Revoke", "Shall programs that use these keys be refused from now on, for good?", api_keys.revoke)]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """The entries of all teams, and those of the installation itself, which have no team."""

    list_display = ["at", "team", "who", "what", "subject", "lines"]
    list_select_related = ["team", "user"]
    list_filter = [("team", AutocompleteSelectFilter), "source", ("team", admin.EmptyFieldListFilter)]
    found_by = ["pk", "object_id"]
    filtered_ordering = ["-at", "-id"]
    search_help_text = "The id of what was changed"

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> str:
        name = entry.actor or "Baton"
        known = f" ({entry.who_email}, {entry.who_id})" if entry.who_email else ""
        return f"{name}{known}, operator" if entry.source == AuditEntry.Source.OPERATOR else f"{name}{known}"

    @admin.display(description="What")
    def what(self, entry: AuditEntry) -> str:
        return ACTS.get(entry.act, entry.act)

    @admin.display(description="Change")
    def lines(self, entry: AuditEntry) -> str:
        return format_html_join("", "<p>{}</p>", ((Truncator(line).chars(120),) for line in entry.lines[:4]))


@admin.register(Credential)
class CredentialAdmin(ReadOnly):
    list_display = ["name", "provider", "team", "hint", "base_url", "updated_at"]
    list_select_related = ["team"]
    list_filter = [("team", AutocompleteSelectFilter), "provider"]
    search_fields = ["name", "provider"]
    hidden = ["key"]
    page = "credential"


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    list_display = ["url", "team", "failures", "paused_at", "gave_up", "deleted_at"]
    list_select_related = ["team"]
    list_filter = [("team", AutocompleteSelectFilter), "gave_up"]
    search_fields = ["url", "description"]
    hidden = ["secret", "old_secret", "sealed_url"]
    page = "webhook"
    leads = [("Deliveries", "teams_delivery", "webhook__id__exact")]
    actions = [
        verb("Pause", "Shall these webhooks be sent nothing?", lambda webhook, by: webhooks.pause(webhook)),
        verb(
            "Resume",
            "Shall these webhooks be sent what waits for them, at once?",
            lambda webhook, by: webhooks.resume(webhook),
        ),
    ]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ["event", "webhook", "status", "attempts", "answer_status", "created_at", "next_at"]
    list_select_related = ["webhook"]
    list_filter = [("webhook", AutocompleteSelectFilter), "status"]
    filtered_ordering = ["-created_at", "-id"]
    found_by = ["pk", "webhook"]
    search_help_text = "The id of a message or webhook"
    actions = [
        verb("Send again", "Shall these messages be sent once more?", lambda delivery, by: webhooks.resend(delivery))
    ]


admin.site.unregister(Group)  # Django's own admin of users brings it
