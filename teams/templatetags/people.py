"""{{ question.actor|known_as:question.answered_by }}"""

from django import template

from teams.audit.actors import known_as

register = template.Library()
register.filter(known_as)
