"""{% corrections_of run as said %}: the corrections of the run (`said.run`) and of its handover (`said.handover`)."""

from django import template

from routes.corrections.corrections import Said, standing
from runs.models import Run

register = template.Library()


@register.simple_tag
def corrections_of(run: Run) -> Said:
    return standing(run)
