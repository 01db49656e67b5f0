"""What the environment says is understood, or refused in a sentence before anything starts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.module_map import APPS
from config.settings.environment import is_this_machine, listed, number, one_of, stays_here, switch, whole
from tests.paths import ROOT


@pytest.mark.parametrize("value", ["1", "true", "YES", "On", " on "])
def test_a_switch_is_on_in_any_of_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BATON_X", value)
    assert switch("BATON_X", False)


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF", " off "])
def test_a_switch_is_off_in_any_of_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BATON_X", value)
    assert not switch("BATON_X", True)


@pytest.mark.parametrize("default", [True, False])
def test_an_empty_switch_is_not_set(monkeypatch: pytest.MonkeyPatch, default: bool) -> None:
    monkeypatch.setenv("BATON_X", " ")
    assert switch("BATON_X", default) is default


@pytest.mark.parametrize("value", ["2", "ja", "disabled", "*", "tru", "none"])
def test_another_word_for_a_switch_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BATON_X", value)
    with pytest.raises(SystemExit, match=f"BATON_X must be on or off .* not '{re.escape(value)}'"):
        switch("BATON_X", True)


@pytest.mark.parametrize("value", ["many", "-1", "nan", "inf", "1e999", "1,5"])
def test_what_is_no_number_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BATON_X", value)
    for read in (number, whole):
        with pytest.raises(SystemExit, match="BATON_X must be a"):
            read("BATON_X", 1)


def test_numbers_words_and_lists_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_X", " 1.5 ")
    assert number("BATON_X", 1) == 1.5
    with pytest.raises(SystemExit, match="whole number"):
        whole("BATON_X", 1)
    monkeypatch.setenv("BATON_X", "Json")
    assert one_of("BATON_X", "line", ("line", "json")) == "json"
    with pytest.raises(SystemExit, match="one of red, blue"):
        one_of("BATON_X", "red", ("red", "blue"))
    monkeypatch.setenv("BATON_X", "a, b,,")
    assert listed("BATON_X") == ["a", "b"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost", "LOCALHOST.", "a.localhost"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "baton.example.com", "baton", "", "localhost.evil.example"]
)
def test_anything_else_may_be_reached_by_others(host: str) -> None:
    assert not is_this_machine(host)


def test_a_name_or_an_address_for_others_opens_an_installation() -> None:
    assert stays_here("127.0.0.1", ["localhost"], "http://localhost:8000", is_behind_proxy=False)
    assert not stays_here("127.0.0.1", ["baton.example.com"], "http://localhost:8000", is_behind_proxy=False)
    assert not stays_here("127.0.0.1", [], "https://baton.example.com", is_behind_proxy=False)


@pytest.mark.parametrize(
    ("own", "is_local"), [({}, True), ({"BATON_HTTPS": "1"}, False), ({"BATON_PROXIES": "1"}, False)]
)
def test_a_proxy_opens_an_installation_to_others(tmp_path: Path, own: dict[str, str], is_local: bool) -> None:
    assert settings_with(tmp_path, "BATON_IS_LOCAL", **own) == [is_local]


def test_sessions_end_after_two_weeks_unused_and_a_month_in_all_unless_told_otherwise(tmp_path: Path) -> None:
    names = "SESSION_COOKIE_AGE", "BATON_SESSION_SECONDS"
    assert settings_with(tmp_path, *names) == [14 * 24 * 3600, 30 * 24 * 3600]
    assert settings_with(tmp_path, *names, SESSION_IDLE_HOURS="0.5", SESSION_HOURS="12") == [1800, 12 * 3600]


@pytest.mark.parametrize("name", ["SESSION_IDLE_HOURS", "SESSION_HOURS"])
@pytest.mark.parametrize("value", ["0", "-1", "a day"])
def test_a_session_that_could_not_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"{name} must be a number of at least 0.1"):
        number(name, 1, least=0.1)


@pytest.mark.parametrize(("https", "prefix"), [("1", "__Host-"), ("0", "")])
def test_cookies_have_the_host_prefix_behind_https(tmp_path: Path, https: str, prefix: str) -> None:
    names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    names += ["SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH", "SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN"]
    assert settings_with(tmp_path, *names, BATON_HTTPS=https) == [
        f"{prefix}sessionid", f"{prefix}csrftoken", https == "1", https == "1", "/", "/", None, None
    ]  # fmt: skip


def settings_with(home: Path, *names: str, **own: str) -> list[object]:
    """What these settings are in a process of its own, which has this in its environment."""
    ask = "import json; from django.conf import settings; print(json.dumps([getattr(settings, n) for n in %r]))"
    environment = {name: value for name, value in os.environ.items() if name not in ("BATON_URL", "ALLOWED_HOSTS")}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "BATON_HOME": str(home), **own}
    command = [sys.executable, "-c", ask % (names,)]
    done = subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "name",
    ["DEBUG", "BATON_DEMO", "BATON_HTTPS", "BATON_ALLOW_PRIVATE_ADDRESSES", "BATON_DATABASE_POOL", "OTEL_SDK_DISABLED"],
)
def test_every_switch_is_read_by_the_same_function(name: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "BATON_HOME": str(tmp_path),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:9",
        name: "maybe",
    }
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    command = [sys.executable, "manage.py", "serve"]
    ended = subprocess.run(command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert f"Baton cannot start. {name} must be on or off" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_module_compares_a_switch_by_itself() -> None:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if path.name != "environment.py":
                text = path.read_text()
                assert not re.search(
                    r"""environ[^\n]*(==|!=|\bin)\s*\(?["'](0|1|true|false|yes|no|on|off)["']""", text
                ), path
