"""The settings, all read from the environment; docs/settings.md lists them."""

from .accounts import *  # noqa: F403
from .admin import *  # noqa: F403
from .connections import *  # noqa: F403
from .installation import *  # noqa: F403
from .limits import *  # noqa: F403
from .logs import *  # noqa: F403
from .pages import *  # noqa: F403
from .security import *  # noqa: F403
