"""The pages of webhooks, below the settings of the team."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.models import Delivery, Webhook, WebhookFormat
from teams.settings.forms import WebhookForm
from web.forms.refusals import tell
from web.forms.stale import saved_in_turn
from web.http.paging import page
from web.http.partials import render_page

from . import fresh_secrets
from . import webhooks as verbs
from .webhooks import delivery_or_404, webhook_or_404

_STATES = [(status.value, status.label) for status in Delivery.Status]


@require_GET
@team_page(get=ADMINISTRATOR)
def webhooks(request: TeamRequest) -> HttpResponse:
    waiting = Delivery.objects.filter(team=request.team, status=Delivery.Status.WAITING).values("webhook")
    counts = {row["webhook"]: row["messages"] for row in waiting.annotate(messages=Count("pk")).order_by()}
    rows = [(webhook, counts.get(webhook.pk, 0)) for webhook in request.team.webhooks.present()]
    return render_page(request, "teams/webhooks.html", {"rows": rows}, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def webhook_new(request: TeamRequest) -> HttpResponseBase:
    """For a chat with `?format=slack`."""
    is_chat = WebhookFormat.SLACK in (request.GET.get("format"), request.POST.get("format"))
    format = WebhookFormat.SLACK if is_chat else WebhookFormat.JSON
    form = WebhookForm(request.POST if request.method == "POST" else None, is_chat=is_chat)
    if form.is_bound and form.is_valid():
        try:
            webhook, secret = verbs.create_webhook(request.team, **form.said(), format=format)
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("webhook", webhook.pk) if is_chat else _show_secret(request, webhook, secret)
    context = {"form": form, "is_chat": is_chat}
    return render(request, "teams/webhook_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def webhook_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    webhook = webhook_or_404(request.team, id)
    form = WebhookForm(request.POST if request.method == "POST" else None, webhook=webhook)
    if form.is_bound and form.is_valid():
        try:
            verbs.change_webhook(webhook, **form.said())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("webhook", id)
    context = {"form": form, "webhook": webhook, "is_chat": webhook.is_chat}
    return render(request, "teams/webhook_form.html", context, status=422 if form.errors else 200)


@require_GET
@team_page(get=ADMINISTRATOR)
@never_cache
def webhook(request: TeamRequest, id: UUID) -> HttpResponse:
    found = webhook_or_404(request.team, id)
    state = request.GET.get("state", "")
    log = found.deliveries.filter(status=state) if state in Delivery.Status.values else found.deliveries.all()
    context = {
        "webhook": found,
        "page": page(log, ("-created_at", "-id"), request.GET.get("cursor", "")),
        "waiting": found.deliveries.filter(status=Delivery.Status.WAITING).count(),
        "states": _STATES,
        "state": state,
        "here": request.get_full_path(),
        "watched": f"webhook:{found.pk}",
        "overlaps": len(found.sealed_secrets) > 1,
    }
    secret = fresh_secrets.take(request, found.pk, is_part="HX-Target" in request.headers)
    return render_page(request, "teams/webhook.html", context | {"secret": secret}, parts=["results"])


def _show_secret(request: TeamRequest, webhook: Webhook, secret: str) -> HttpResponseBase:
    fresh_secrets.keep(request, webhook.pk, secret)
    return redirect("webhook", webhook.pk)


def _act(request: TeamRequest, id: UUID, act: Callable[[Webhook], object], done: str) -> HttpResponseBase:
    webhook = webhook_or_404(request.team, id)
    tell(request, lambda: act(webhook), done)
    return redirect("webhook", id)


@require_POST
@team_page(post=ADMINISTRATOR)
def webhook_pause(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, verbs.pause, "Paused. What happens is kept until you resume.")


@require_POST
@team_page(post=ADMINISTRATOR)
def webhook_resume(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, verbs.resume, "Resumed. What waited is being sent.")


@require_POST
@team_page(post=ADMINISTRATOR)
def webhook_ping(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, verbs.ping, "A test message is on its way.")


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def webhook_secret(request: TeamRequest, id: UUID) -> HttpResponseBase:
    found = webhook_or_404(request.team, id)
    return _show_secret(request, found, verbs.renew_secret(found))


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def webhook_secret_drop(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, verbs.drop_old_secret, "The old secret signs nothing any more.")


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def webhook_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    verbs.delete(webhook_or_404(request.team, id))
    messages.success(request, "The webhook was deleted.")
    return redirect("webhooks")


@require_POST
@team_page(post=ADMINISTRATOR)
def delivery_resend(request: TeamRequest, id: UUID) -> HttpResponseBase:
    delivery = delivery_or_404(request.team, id)
    return _act(request, delivery.webhook_id, lambda _: verbs.resend(delivery), "It is being sent again.")
