"""The form of a saved view. The list and its query come with it, unseen."""

from typing import Any

from django import forms

from teams.models import Member, SavedView
from web.forms.messages import PageForm


class SavedViewForm(PageForm):
    list = forms.CharField(widget=forms.HiddenInput)
    query = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(max_length=60, label="Name")
    is_shared = forms.BooleanField(
        required=False, label="Share with the team", help_text="Everyone in the team sees it in the navigation."
    )

    def __init__(self, member: Member, data: Any = None, *, row: SavedView | None = None, initial: Any = None) -> None:
        about = {"list": row.list, "query": row.query, "name": row.name} if row else initial
        super().__init__(data, initial=about)
        if row or not member.operates:
            del self.fields["is_shared"]
