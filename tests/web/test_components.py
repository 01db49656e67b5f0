from typing import Any

import pytest
from django import forms
from django.template import engines
from django.test import Client, RequestFactory
from django.utils.html import escape

from builder.models import Agent
from tests.fixtures import Make
from web.format.states import STATES


def render(source: str, **context: Any) -> str:
    template = engines["django"].from_string("{% load agents components data times %}" + source)
    return template.render(context, RequestFactory().get("/cases/", {"q": "a&b", "status": "failed"}))


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_told_in_words_and_by_an_icon(state: str) -> None:
    html = render("{% status state %}", state=state)
    assert STATES[state][0] in html
    assert "<svg" in html


def test_an_unknown_state_is_told_by_its_name() -> None:
    assert "Gone fishing" in render("{% status 'gone_fishing' %}")


def test_what_people_wrote_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    agent = Agent(name=evil)
    html = render(
        "{% mention evil %}{% agent_name agent link=False %}{% tag evil %}{% copy evil %}{% code evil %}"
        "{% json_view data %}"
        "{% data_view data %}{% page_header evil subtitle=evil %}{{ evil }}{% endpage_header %}"
        "{% card evil note=evil %}{{ evil }}{% endcard %}{% notice title=evil %}{{ evil }}{% endnotice %}"
        "{% dialog 'd' evil %}{{ evil }}{% enddialog %}{% fact evil %}{{ evil }}{% endfact %}"
        "{% confirm 'c' title=evil action=evil button=evil %}{{ evil }}{% endconfirm %}"
        "{% empty_state 'inbox' evil %}{{ evil }}{% endempty_state %}",
        evil=evil,
        agent=agent,
        data={evil: [evil]},
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 20


def test_a_mention_that_leads_nowhere_says_so_in_words() -> None:
    html = render("{% mention 'Returns Desk' 'deleted' %}.")
    assert 'data-status="deleted"' in html
    assert "Deleted: replace or remove this mention" in html
    assert html.endswith("</span>.")


def test_the_pager_keeps_the_filters() -> None:
    html = render("{% pager older='c2' %}")
    assert 'href="?q=a%26b&amp;status=failed&amp;cursor=c2"' in html
    assert "Newer" not in html


def test_a_filter_shows_what_is_chosen() -> None:
    html = render("{% filter_select 'status' 'Any state' choices %}", choices=[("open", "Open"), ("failed", "Failed")])
    assert '<option value="failed" selected>Failed</option>' in html


def test_json_is_shown_whole() -> None:
    data = {"a": [1, -2.5e3, True, None, 'say "hi": <b>'], "n": {"x": "y"}}
    html = render("{% json_view data %}", data=data)
    assert '<span class="json-key">&quot;a&quot;</span>:' in html
    assert '<span class="json-number">-2500.0</span>' in html
    assert "&quot;say \\&quot;hi\\&quot;: &lt;b&gt;&quot;</span>" in html


class ExampleForm(forms.Form):
    name = forms.CharField(help_text="As people call it.")
    note = forms.CharField(required=False)


def test_a_field_keeps_its_value_and_names_its_error() -> None:
    form = ExampleForm({"name": "", "note": "kept"})
    html = render("{% field form.name %}{% field form.note %}", form=form)
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'value="kept"' in html
    assert "optional" in html


def test_what_is_copied_as_curl_names_this_host_and_no_key(signed_in: Client, make_queue: Make) -> None:
    queue = make_queue()
    page = signed_in.get(f"/queues/{queue.pk}/").text
    call = f'curl -H "Authorization: Bearer $BATON_API_KEY" http://testserver/api/v1/queues/{queue.pk}'
    assert escape(call) in page
    assert escape(f"http://testserver/queues/{queue.pk}/") in page
