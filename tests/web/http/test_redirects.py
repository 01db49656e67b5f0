"""Where a page leads after an act."""

import pytest
from django.test import RequestFactory

from web.http.redirects import back


@pytest.mark.parametrize("wanted", ["/runs/?status=failed", "http://testserver/runs/"])
def test_the_page_that_the_form_names_is_next(rf: RequestFactory, wanted: str) -> None:
    assert back(rf.post("/", {"next": wanted}), "home")["Location"] == wanted


@pytest.mark.parametrize("wanted", ["", "a b", "inbox", "..", "https://evil.example/", "//evil.example"])
def test_what_is_none_of_our_pages_is_ignored(rf: RequestFactory, wanted: str) -> None:
    """A word alone neither fails nor stands for the name of a page."""
    assert back(rf.post("/", {"next": wanted}), "home")["Location"] == "/"
