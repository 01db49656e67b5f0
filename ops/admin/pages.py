"""The base classes of the operators' admin.

Pages are read-only: a row is changed only by a verb of the product, called by an action after a confirmation. Lists
stay fast with millions of rows: none is counted in full, or sorted or searched without an index.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.text import slugify
from unfold.admin import ModelAdmin

from data.errors import Refused
from data.ids import parse_uuid
from teams.access.operators import may_operate, operator_of
from teams.audit import audit
from teams.audit.actors import Actor

_COUNTED = 10_000
_AT_ONCE = 500


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts up to 10,000 rows, and shows PostgreSQL's estimate for a whole table with more."""

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Any], self.object_list)
        counted = rows.order_by()[: _COUNTED + 1].count()
        if counted <= _COUNTED or rows.query.where:
            return counted
        with connection.cursor() as cursor:
            cursor.execute(
                "select reltuples::bigint from pg_class where oid = %s::regclass", [rows.model._meta.db_table]
            )
            return max(counted, int(cursor.fetchone()[0]))


class ReadOnly(ModelAdmin):  # type: ignore[misc]
    """A read-only admin that shows all fields except the `hidden` ones."""

    hidden: ClassVar[Sequence[str]] = ()
    # The fields in which a searched id is looked up, and the queryset method that searches words, if there is one.
    found_by: ClassVar[Sequence[str]] = ("pk",)
    page = ""  # the URL name of the product's page of a row
    # The lists that a row links to: their title, their model as app_model, and their lookup.
    leads: ClassVar[Sequence[tuple[str, str, str]]] = ()
    # An index supports this order within each of the filters.
    filtered_ordering: ClassVar[Sequence[str]] = ()

    ordering: Sequence[str] = ("-pk",)
    sortable_by: Sequence[str] = ()
    search_fields: Sequence[str] = ("pk",)
    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may call verbs, which anyone may who may change such rows."""
        return may_operate(request, self.model)

    def get_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        fields = [field.name for field in self.model._meta.concrete_fields if field.name not in self.hidden]
        return [*fields, *(["see_also"] if self.leads else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        return self.get_fields(request)

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        is_filtered = any("__exact" in name for name in request.GET)
        return self.filtered_ordering if is_filtered and self.filtered_ordering else self.ordering

    def get_view_on_site_url(self, obj: Model | None = None) -> str | None:
        return reverse(self.page, args=[obj.pk]) if self.page and obj is not None else None

    @admin.display(description="See also")
    def see_also(self, row: Model) -> str:
        links = ((f"{reverse(f'admin:{of}_changelist')}?{lookup}={row.pk}", name) for name, of, lookup in self.leads)
        return format_html_join(" · ", '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', links)

    def get_search_results(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> tuple[QuerySet[Any], bool]:
        if not term.strip():
            return rows, False
        id = parse_uuid(term.strip())
        if id is None:
            return self.matching(rows, term.strip()), False
        wanted = Q()
        for field in self.found_by:
            wanted |= Q((field, id))
        return rows.filter(wanted), False

    def matching(self, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        """Search by words in the search fields. Admins of tables that grow without limit override this."""
        wanted = Q()
        for field in self.search_fields:
            wanted |= Q((f"{field}__icontains", term))
        return rows.none() if self.search_fields == ("pk",) else rows.filter(wanted)


class Changeable(ModelAdmin):  # type: ignore[misc]
    """An admin whose form calls verbs. If a verb refuses, the form shows the reason and nothing is saved."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            with audit.acting(operator_of(request)):
                return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))
        except Refused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect(request.path)


def verb(title: str, question: str, act: Callable[[Any, Actor], object]) -> Callable[..., HttpResponse | None]:
    """Return an action of a list that asks for confirmation, then calls a verb of the product for each selected row."""

    def action(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(rows[: _AT_ONCE + 1])
        if len(chosen) > _AT_ONCE:
            page.message_user(request, f"Please choose at most {_AT_ONCE}.", messages.ERROR)
            return None
        if "confirmed" not in request.POST:
            context = {**page.admin_site.each_context(request), "title": title, "question": question, "rows": chosen}
            context |= {"action": request.POST["action"], "opts": page.opts}
            return render(request, "admin/confirm_verb.html", context)
        refused: Counter[str] = Counter()
        by = operator_of(request)
        for row in chosen:
            try:
                with audit.acting(by):
                    act(row, by)
                page.log_change(request, row, f"{title}.")
            except Refused as refusal:
                refused[refusal.message] += 1
        if done := len(chosen) - refused.total():
            page.message_user(request, f"{title}: done for {done}.", messages.SUCCESS)
        for message, times in refused.most_common(5):
            page.message_user(request, f"{times} left alone: {message}", messages.WARNING)
        return None

    action.__name__ = slugify(title).replace("-", "_")
    return admin.action(description=title, permissions=["operate"])(action)
