"""`/metrics` for Prometheus: the state of the work, asked of the database when scraped, and the counters.

For the operator, of all teams together. Anyone who asks from this machine gets it, and anyone who knows METRICS_TOKEN.
"""

import logging
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from cases.models import Case, CaseMessage, Queue
from channels.models import Arrival, Source
from runs.models import LIVE, HumanRequest, Run

from . import counters
from .counters import Amounts, Counter

logger = logging.getLogger(__name__)

# Any of these says that someone else asks through a proxy on this machine.
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_knows_token(request) or _asks_from_here(request)):
        return HttpResponse("Send METRICS_TOKEN as the bearer token.\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(_Baton())
    try:
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError as error:
        logger.warning("no metrics: %s", error)
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


def _knows_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and kind.lower() == "bearer" and compare_digest(token.strip().encode(), wanted.encode())


def _asks_from_here(request: HttpRequest) -> bool:
    try:
        is_near = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # such as a Unix socket, behind which a proxy stands
        return False
    return is_near and not any(name in request.headers for name in _FORWARDED)


class _Baton(Collector):
    def collect(self) -> Iterable[Metric]:
        yield from _queues()
        yield _runs()
        yield _human_requests()
        yield from _channels()
        yield from _counted()


def _queues() -> Iterator[Metric]:
    depth = GaugeMetricFamily("baton_queue_depth", "Pending cases", labels=["team", "queue"])
    oldest = GaugeMetricFamily(
        "baton_queue_oldest_waiting_seconds", "How long the oldest pending case has waited", labels=["team", "queue"]
    )
    pending = Case.objects.present().pending().values("queue").annotate(cases=Count("pk"), since=Min("moved_at"))
    waiting = {row["queue"]: row for row in pending.order_by()}
    now = timezone.now()
    for pk, team, name in Queue.objects.live().values_list("pk", "team__slug", "name").order_by("team__slug", "name"):
        row = waiting.get(pk)
        depth.add_metric([team, name], row["cases"] if row else 0)
        oldest.add_metric([team, name], max(0.0, (now - row["since"]).total_seconds()) if row else 0)
    yield depth
    yield oldest


def _runs() -> Metric:
    metric = GaugeMetricFamily("baton_runs", "Runs that have not ended", labels=["status"])
    found = dict(Run.objects.live().values_list("status").annotate(Count("pk")).order_by())
    for status in sorted(LIVE):
        metric.add_metric([status], found.get(status, 0))
    return metric


def _human_requests() -> Metric:
    metric = GaugeMetricFamily("baton_human_requests_open", "What waits for a person", labels=["kind"])
    is_open = HumanRequest.objects.of_work().open()
    found = dict(is_open.values_list("kind").annotate(Count("pk")).order_by())
    for kind in HumanRequest.Kind.values:
        metric.add_metric([kind], found.get(kind, 0))
    return metric


def _channels() -> Iterator[Metric]:
    labels = ["team", "source"]
    up = GaugeMetricFamily("baton_mailbox_up", "Whether the last look at a mailbox went well", labels=labels)
    mailboxes = Source.objects.present().filter(kind=Source.Kind.IMAP, paused_at=None)
    problems = mailboxes.order_by("pk").values_list("team__slug", "name", "state__problem")
    # Two mailboxes of a team may have one name: it is up when both are.
    found: dict[tuple[str, str], bool] = {}
    for team, name, problem in problems:
        found[team, name] = found.get((team, name), True) and not problem
    for key, is_up in found.items():
        up.add_metric(key, is_up)
    yield up
    waiting = GaugeMetricFamily("baton_emails_waiting", "Emails of senders that sent too many within an hour")
    waiting.add_metric([], Arrival.objects.filter(status=Arrival.Status.WAITING).count())
    yield waiting
    queued = GaugeMetricFamily("baton_messages_queued", "Messages to customers that are to be sent")
    queued.add_metric([], CaseMessage.objects.filter(status=CaseMessage.Status.QUEUED).count())
    yield queued


def _counted() -> Iterator[Metric]:
    """Return the counters, which are missing without Redis rather than zero."""
    up = GaugeMetricFamily("baton_counters_up", "Whether Redis, which keeps the counters, answers")
    try:
        found = counters.read()
    except RedisError as error:
        logger.warning("no counters: %s", error)
        up.add_metric([], 0)
        yield up
        return
    up.add_metric([], 1)
    yield up
    for name, counter in counters.COUNTERS.items():
        yield _histogram(name, counter, found[name]) if counter.is_histogram else _counter(name, counter, found[name])


def _counter(name: str, counter: Counter, amounts: Amounts) -> Metric:
    metric = CounterMetricFamily(f"baton_{name}", counter.title, labels=counter.labels)
    for labels, amount in (amounts or ({} if counter.labels else {(): 0.0})).items():
        metric.add_metric(labels, amount)
    return metric


def _histogram(name: str, counter: Counter, amounts: Amounts) -> Metric:
    metric = HistogramMetricFamily(f"baton_{name}", counter.title, labels=counter.labels)
    for labels in {labels[:-1] for labels in amounts} | (set() if counter.labels else {()}):
        buckets, total = [], 0.0
        for bound in [*counter.bounds, float("inf")]:
            total += amounts.get((*labels, str(bound)), 0)
            buckets.append(("+Inf" if bound == float("inf") else str(float(bound)), total))
        metric.add_metric(labels, buckets, amounts.get((*labels, "sum"), 0))
    return metric
