"""The checks of the whole installation, for `manage.py doctor` and the operators' health page."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import django_rq
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import mailers
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from builder.models import Revision, ToolServer
from channels.models import Source
from data.secrets import Unreadable, unseal
from ops.health import readiness
from runs.providers import model_requests, providers
from runs.providers.providers import OFFLINE, Access
from runs.wire.problems import ModelProblem
from teams.access import two_step
from teams.models import Credential, Installation, Team, User, Webhook

from . import channel_checks, invariants, setting_checks
from .findings import Finding, State

_NEEDED = ("plpgsql", "pg_trgm")
_PAIRS = 200
_SEALED = 500
_GB = 10**9


def look_at_all(*, call: bool = False) -> list[Finding]:
    """Run every check. With `call` each model provider gets one small request per key, which may cost a little."""
    parts = [setting_checks.findings, _database, _redis, _clock_and_workers, _secrets, lambda: _models(call)]
    parts += [_mail, lambda: channel_checks.findings(call), _disk, _people, _pauses, _invariants]
    return [finding for part in parts for finding in _answers(part)]


def _answers(part: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Return the findings of one check. An unreachable database or Redis is reported once, by its own check."""
    try:
        yield from part()
    except DatabaseError as error:
        if part is _database:
            said = f"It does not answer: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
            yield Finding("Database", State.BROKEN, said, "Start script/server, or fix DATABASE_URL.")
        connection.close()
    except RedisError as error:
        if part is _redis:
            fix = "Start script/server, or fix REDIS_URL. Until then the clock works alone."
            yield Finding("Redis", State.BROKEN, f"It does not answer: {error}", fix)


def _database() -> Iterator[Finding]:
    connection.ensure_connection()
    least, version = connection.features.minimum_database_version or (0,), connection.pg_version  # type: ignore[attr-defined]
    if version // 10_000 < least[0]:
        yield Finding("Database", State.BROKEN, f"PostgreSQL {version // 10_000}.", f"Use {least[0]} or newer.")
    else:
        yield Finding("Database", State.OK, f"PostgreSQL {version // 10_000}.{version % 10_000}")
    with connection.cursor() as cursor:
        cursor.execute(_DATABASE)
        extensions, used, allowed, now = cursor.fetchone()
    missing = ", ".join(name for name in _NEEDED if name not in extensions)
    if missing:
        fix = f"As a superuser of the database: create extension {missing}"
        yield Finding("Extensions", State.BROKEN, f"Missing: {missing}.", fix)
    else:
        yield Finding("Extensions", State.OK, ", ".join(_NEEDED))
    left = allowed - used
    state = State.BROKEN if left < 3 else State.WARNING if left < allowed / 10 else State.OK
    fix = "Raise max_connections, or start fewer workers." if state != State.OK else ""
    yield Finding("Connections", state, f"{left} of {allowed} left.", fix)
    apart = abs((datetime.now(UTC) - now).total_seconds())
    if apart > 2:
        said = f"This machine and the database are {apart:.0f} s apart."
        yield Finding("Clocks", State.WARNING, said, "Let both keep time by NTP.")
    waiting = pending_migrations()
    if waiting:
        yield Finding("Migrations", State.BROKEN, f"{len(waiting)} to be applied.", "Run manage.py migrate.")
    else:
        yield Finding("Migrations", State.OK, "All applied.")


_DATABASE = """
    select (select array_agg(extname::text) from pg_extension), (select count(*) from pg_stat_activity),
        current_setting('max_connections')::int, clock_timestamp()
"""


def pending_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _ in plan]


def _redis() -> Iterator[Finding]:
    said = django_rq.get_connection("default").info("server")
    yield Finding(
        "Redis", State.OK, f"{said.get('server_name', 'redis')} {said.get('valkey_version', said['redis_version'])}"
    )


def _clock_and_workers() -> Iterator[Finding]:
    for name, part in (("Clock", readiness.clock), ("Workers", readiness.workers)):
        try:
            said = part()
        except readiness.Missing as missing:
            problem, _, fix = str(missing).partition(". ")
            yield Finding(name, State.BROKEN, f"{problem}.", f"{fix}.")
        else:
            words = f"Ticked {said['ticked_s_ago']} s ago." if name == "Clock" else f"{said['count']} at work."
            yield Finding(name, State.OK, words)


def _secrets() -> Iterator[Finding]:
    """Check whether the secrets in the database can be decrypted with the current keys."""
    sealed = [
        *Credential.objects.exclude(key="").values_list("key", flat=True)[:_SEALED],
        *ToolServer.objects.present().exclude(credential="").values_list("credential", flat=True)[:_SEALED],
        *Webhook.objects.present().values_list("secret", flat=True)[:_SEALED],
        *Source.objects.present().values_list("secret", flat=True)[:_SEALED],
        *(text for data in Authenticator.objects.values_list("data", flat=True)[:_SEALED] for text in _sealed_in(data)),
    ]
    unreadable = sum(not _opens(text) for text in sealed)
    if unreadable:
        fix = "Put the key they were encrypted with back into BATON_ENCRYPTION_KEYS, or enter them again."
        yield Finding("Secrets", State.BROKEN, f"{unreadable} of {len(sealed)} cannot be read.", fix)
    else:
        yield Finding("Secrets", State.OK, f"{len(sealed)} can be read.")


def _sealed_in(data: dict[str, str]) -> list[str]:
    """Return the encrypted part of a second step: the secret of the app, or the seed of the recovery codes."""
    return [data[name] for name in two_step.SEALED if name in data]


def _opens(sealed: str) -> bool:
    try:
        unseal(sealed)
    except Unreadable:
        return False
    return True


def _models(call: bool) -> Iterator[Finding]:
    """Check each key with which live agents ask a model."""
    live = Revision.objects.filter(status=Revision.Status.LIVE, agent__deleted_at=None).exclude(model=OFFLINE)
    pairs = live.order_by("team", "model").values_list("team_id", "model").distinct()[:_PAIRS]
    keys: dict[Access, str] = {}
    for team_id, name in pairs:
        try:
            keys.setdefault(providers.access_of(team_id, name), name)
        except ModelProblem as problem:
            whose = Team.objects.get(pk=team_id)
            yield Finding(f"Model {name}", State.BROKEN, f"Agents of {whose} ask for it. {problem.message}", _KEY)
    for access, name in keys.items():
        title = f"Model {name}" + (", by a team’s own key" if access.is_own else "")
        yield _asked(title, name, access) if call else Finding(title, State.OK, "Has a key; --call would try it.")
    if not pairs:
        yield Finding("Models", State.OK, "No agent asks a provider.")


_KEY = "Add the key in the settings of the team, under Models, or in the environment."


def _asked(title: str, name: str, access: Access) -> Finding:
    trial = asyncio.run(model_requests.try_model(name, access))
    state = {"success": State.OK, "warning": State.WARNING}.get(trial.tone, State.BROKEN)
    return Finding(title, state, trial.words, "" if state == State.OK else _KEY)


def _mail() -> Iterator[Finding]:
    if not settings.MAILERS:
        yield Finding("Email", State.OK, "EMAIL_URL is not set, so no email is sent.")
        return
    try:
        with mailers.default:
            pass
    except OSError as error:
        fix = "Fix EMAIL_URL; what could not be sent is tried again for a day."
        yield Finding("Email", State.BROKEN, f"The server cannot be used: {error}", fix)
    else:
        yield Finding("Email", State.OK, "The server lets Baton in.")


def _disk() -> Iterator[Finding]:
    home = settings.BATON_HOME
    there = next(folder for folder in (home, *home.parents) if folder.exists())  # it is created when it is first needed
    free = shutil.disk_usage(there).free
    state = State.BROKEN if free < _GB / 5 else State.WARNING if free < 2 * _GB else State.OK
    fix = "Free some space: the embedded database stops when the disk is full." if state != State.OK else ""
    yield Finding("Disk", state, f"{free / _GB:.1f} GB free at {settings.BATON_HOME}.", fix)


def _people() -> Iterator[Finding]:
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        yield Finding("Operators", State.OK, "Someone can open /admin/.")
    else:
        yield Finding("Operators", State.WARNING, "Nobody can open /admin/.", "Run manage.py create_administrator.")


def _pauses() -> Iterator[Finding]:
    if Installation.objects.exclude(paused_at=None).exists():
        yield Finding("Work", State.WARNING, "Everything is paused.", "Run manage.py resume --everything.")
    elif names := list(Team.objects.exclude(paused_at=None).order_by("slug").values_list("slug", flat=True)):
        fix = "Run manage.py resume --team SLUG."
        yield Finding("Work", State.WARNING, f"Paused teams: {', '.join(names[:20])}.", fix)
    else:
        yield Finding("Work", State.OK, "Nothing is paused.")


def _invariants() -> Iterator[Finding]:
    broken = [found for found in invariants.check() if found.count]
    for found in broken:
        first = ", ".join(str(id) for id in found.ids[:3])
        said = f"{found.count} {found.invariant.title[0].lower()}{found.invariant.title[1:]}: {first}"
        yield Finding("Invariants", State.BROKEN, said, found.invariant.help)
    if not broken:
        yield Finding("Invariants", State.OK, f"All {len(invariants.INVARIANTS)} hold.")
