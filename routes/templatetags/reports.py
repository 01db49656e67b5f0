"""{{ value|share }}, {{ seconds|length_of_time }}"""

from django import template

from routes.reports import charts

register = template.Library()
register.filter("share", charts.share)
register.filter("length_of_time", charts.length)
