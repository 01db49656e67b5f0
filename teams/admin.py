"""The operators' admin: people and teams. Agents, cases and runs have pages of their own."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.csp import csp_override
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from .models import Member, Team, User


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
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug"]
    inlines = [MemberInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `manage.py create_team` also makes the team's first queue

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
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
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "password1", "password2"]})]
    filter_horizontal = []


admin.site.unregister(Group)
