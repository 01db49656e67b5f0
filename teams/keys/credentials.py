"""The team's own keys to providers of models, at most one for each provider.

Which providers there are, who sends the keys knows. A key is sealed, and shown to nobody again.
"""

from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404

from data import rows
from data.errors import Refused
from data.network.addresses import check_url
from data.secrets import seal, unseal
from data.texts.text import plain_name
from teams.audit import audit
from teams.models import Credential, Team

KEY_LIMIT = 1000


def credential_or_404(team: Team, id: UUID) -> Credential:
    return get_object_or_404(Credential, team=team, pk=id)


def of_team(team_id: UUID) -> dict[str, Credential]:
    return {row.provider: row for row in Credential.objects.filter(team_id=team_id)}


def of_team_at_once(team_id: UUID) -> rows.Joined:
    """The same, to be read together with other things."""
    return rows.Joined("from teams_credential credential where team_id = %s", [team_id], {"credential": Credential})


def find_credential(team_id: UUID, provider: str) -> Credential | None:
    return rows.fetch_first(Credential, "where team_id = %s and provider = %s", [team_id, provider])


def providers_in_use() -> set[str]:
    """Return the providers that any team has a key for."""
    return set(Credential.objects.values_list("provider", flat=True).distinct())


def key_of(credential: Credential) -> str:
    """The key in clear text, to be sent; "" for a server that needs none. Raises Unreadable."""
    return unseal(credential.key) if credential.key else ""


def prepare(team: Team, provider: str, *, name: str, key: str, base_url: str = "") -> Credential:
    """Return what could be saved, to be tried first. Refused at the fields that are wrong."""
    base_url = check_url(base_url, "base_url").rstrip("/") if base_url.strip() else ""
    key = _checked(key)
    if not key and not base_url:
        raise _wrong("key", "Please give the key.")
    credential = Credential(team=team, provider=provider, name=_name(name), base_url=base_url)
    _set_key(credential, key)
    return credential


def add(team: Team, provider: str, *, name: str, key: str, base_url: str = "") -> Credential:
    return add_prepared(prepare(team, provider, name=name, key=key, base_url=base_url))


def add_prepared(credential: Credential) -> Credential:
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
            audit.record(credential.team_id, "credential_added", credential, credential.provider)
    except IntegrityError as error:
        if "one_credential_per_provider" not in str(error):
            raise
        raise _wrong("provider", "There is a key for this provider already. Replace that one.") from error
    return credential


@transaction.atomic
def change(credential: Credential, *, name: str, key: str = "", base_url: str = "") -> None:
    """Without a key the old one stays, unless the address changes: a key goes only where it was entered for."""
    base_url = check_url(base_url, "base_url").rstrip("/") if base_url.strip() else ""
    key = _checked(key)
    if not key and credential.key and _origin(base_url) != _origin(credential.base_url):
        raise _wrong("key", "Please give the key again: it would go to another address.")
    if not key and not credential.key and not base_url:
        raise _wrong("key", "Please give the key.")
    changed = [("Name", credential.name, _name(name)), ("Address", credential.base_url, base_url)]
    credential.name, credential.base_url = _name(name), base_url
    if key:
        changed.append(("Key", "the one before", "a new one"))
        _set_key(credential, key)
    credential.save(update_fields=["name", "base_url", "key", "hint", "updated_at"])
    if change := audit.changes(changed):
        audit.record(credential.team_id, "credential_changed", credential, change)


@transaction.atomic
def delete(credential: Credential) -> None:
    """From the next request on, agents use the key of the environment, if there is one."""
    audit.record(credential.team_id, "credential_deleted", credential, credential.provider)
    credential.delete()


def _set_key(credential: Credential, key: str) -> None:
    credential.key = seal(key) if key else ""
    # Of a short one, four characters would give too much away.
    credential.hint = key[-4:] if len(key) >= 16 else ""


def _checked(key: str) -> str:
    key = key.strip()
    if not all("!" <= letter <= "~" for letter in key):
        raise _wrong("key", "This is no key: it has spaces or letters that keys do not have.")
    if len(key) > KEY_LIMIT:
        raise _wrong("key", f"Use at most {KEY_LIMIT:,} characters.")
    if key and len(key) < 8:
        raise _wrong("key", "This is too short for a key. For a server that wants none, leave it empty.")
    return key


def _name(name: str) -> str:
    return plain_name(name, "name", 80)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
