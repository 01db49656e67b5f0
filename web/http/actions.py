"""What a page offers to do. Views decide who may do what and hand over a list; the tag `actions` draws it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Action:
    """One button. It opens `link`, or sends a form to `post`, or opens the dialog with the id `dialog`.

    `fields` are sent along with the form. `icon` is one of lucide's; `title` is shown on hover; `keys` are said to
    screen readers as the shortcut. `stays`: the form acts in place (`web.http.toasts`). `picks`: the link opens a list
    (`web.http.picking`). `cut`: the label has a name in it, which may be too long for the button.
    """

    label: str
    icon: str = ""
    link: str = ""
    post: str = ""
    dialog: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    look: Literal["", "primary", "danger"] = ""
    title: str = ""
    keys: str = ""
    stays: bool = False
    picks: bool = False
    cut: bool = False
    download: bool = False


def offered(actions: Iterable[tuple[bool, Action]]) -> list[Action]:
    """Those that are possible, in their order."""
    return [action for is_possible, action in actions if is_possible]


def dialogs(*lists: Collection[Action]) -> set[str]:
    """The dialogs that some action opens: the page draws these and no other."""
    return {action.dialog for actions in lists for action in actions if action.dialog}
