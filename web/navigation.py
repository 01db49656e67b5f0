"""The sections of the product and of its settings, in their order. The list is in `config`."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.module_loading import import_string

# URL name, label, icon, whether it is in the bar of phones, and the key after "g".
NAVIGATION: Sequence[tuple[str, str, str, bool, str]] = import_string(settings.NAVIGATION)
# URL name, label, icon, and whether it is for administrators only.
SETTINGS: Sequence[tuple[str, str, str, bool]] = import_string(settings.SETTINGS_NAVIGATION)
