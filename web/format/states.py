"""What each state is called, with its icon and tone. The list is in `config`, since the states belong to many apps."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.utils.module_loading import import_string

# Label, icon and tone of each state.
STATES: Mapping[str, tuple[str, str, str]] = import_string(settings.STATES)
# The states whose icons turn.
MOVING: Collection[str] = import_string(settings.MOVING_STATES)
