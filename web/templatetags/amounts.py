"""{{ dollars|money }}, {{ number|short_number }}"""

from django import template

from web.format import amounts

register = template.Library()
register.filter(amounts.money)
register.filter(amounts.short_number)
