"""The private parts of libraries that Baton uses: those that docs/architecture.md lists, and no others."""

import argparse
import inspect
import re

import anthropic
import lucide
import openai
import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows import password_reset
from django.contrib.sessions.backends.base import SessionBase

from config.module_map import APPS
from tests.paths import ROOT

# Django documents these in spite of their underscores, and os._exit is documented too.
DOCUMENTED = {"_meta", "_state", "_base_manager", "_default_manager", "_exit"}
USED = {
    "web/templatetags/components.py": {"_render_icon"},
    "runs/providers/providers.py": {"_custom_headers"},
    "teams/sign_in/adapter.py": {"_delete_login_attempts_cached_email", "_login_failed_rl_usage"},
    "teams/access/sessions.py": {"_session_key"},
    "config/reference.py": {"_actions"},
}
_OF_ANOTHER = re.compile(r"(?<!self)(?<!cls)\.(_(?!_)[a-z]\w*)")


def test_no_module_uses_another_private_part() -> None:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            own = set(re.findall(r"(?:self\.|def |^|\s)(_[a-z]\w*)", path.read_text()))
            found = set(_OF_ANOTHER.findall(path.read_text())) - DOCUMENTED - own
            assert found <= USED.get(str(path.relative_to(ROOT)), set()), path


def test_each_part_is_documented_and_used_where_the_list_says() -> None:
    listed = (ROOT / "docs/architecture.md").read_text().partition("## Private parts of libraries")[2]
    for path, names in USED.items():
        for name in names:
            assert name in listed
            assert name in (ROOT / path).read_text()


def test_lucide_draws_an_icon() -> None:
    assert "<svg" in lucide._render_icon("house", 16)


@pytest.mark.parametrize("client", [openai.AsyncOpenAI, anthropic.AsyncAnthropic])
def test_the_headers_of_a_client_are_where_they_are_replaced(client: type) -> None:
    made = client(api_key="key", default_headers={"X-Theirs": "1"})
    assert made._custom_headers == {"X-Theirs": "1"}


def test_allauth_counts_failed_sign_ins_where_the_adapter_replaces_it() -> None:
    source = inspect.getsource(DefaultAccountAdapter)
    assert "self._login_failed_rl_usage" in source
    assert "adapter._delete_login_attempts_cached_email(" in inspect.getsource(password_reset)


def test_a_session_keeps_its_key_where_it_is_forgotten() -> None:
    session = SessionBase("k" * 32)
    assert session._session_key == session.session_key
    session._session_key = None
    assert session.session_key is None


def test_a_parser_lists_its_options() -> None:
    parser = argparse.ArgumentParser()
    added = parser.add_argument("--team")
    assert added in parser._actions
