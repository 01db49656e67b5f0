"""What pages offer is decided in Python and drawn by one component."""

from pathlib import Path

import pytest
from django.template import engines
from django.test import RequestFactory

from web.http.actions import Action, dialogs, offered

TEMPLATES = Path(__file__).parents[3] / "templates"
STOP = Action("Stop", "circle-stop", dialog="stop-run", look="danger")


def drawn(*actions: Action, css: str = "btn") -> str:
    template = engines["django"].from_string("{% load components %}{% actions actions css=css %}")
    return template.render({"actions": actions, "css": css}, RequestFactory().get("/"))


def test_a_link_is_a_link_and_a_change_is_a_form() -> None:
    assert '<a class="btn" href="/agents/"' in drawn(Action("Agents", link="/agents/"))
    form = drawn(Action("Again", post="/again/", fields=(("revision", "latest"),)))
    assert '<form method="post" action="/again/">' in form
    assert 'name="csrfmiddlewaretoken"' in form
    assert '<input type="hidden" name="revision" value="latest">' in form


def test_a_question_is_asked_by_a_dialog() -> None:
    button = drawn(STOP, css="btn btn-sm")
    assert 'class="btn btn-sm btn-danger"' in button
    assert 'commandfor="stop-run">' in button
    assert "<form" not in button


def test_names_in_labels_are_escaped_and_cut() -> None:
    assert '<span class="truncate">Open &lt;b&gt;</span>' in drawn(Action("Open <b>", link="/", cut=True))


def test_only_what_is_possible_is_offered() -> None:
    assert offered([(False, Action("Edit")), (True, STOP)]) == [STOP]


def test_only_dialogs_that_something_opens_are_drawn() -> None:
    assert dialogs([STOP], [Action("Edit", link="/")], []) == {"stop-run"}


@pytest.mark.parametrize(
    "name",
    [
        *("runs/run.html", "cases/case.html", "cases/acts.html", "cases/queue.html"),
        *("builder/agent.html", "builder/menu.html", "builder/run_dialog.html"),
    ],
)
def test_the_pages_of_runs_cases_agents_and_queues_decide_nothing_about_roles(name: str) -> None:
    assert "request.member" not in (TEMPLATES / name).read_text()
