"""{{ text|signs }}: text of a model or a customer, with what nobody would see written out. Loaded everywhere."""

from django import template

from data.texts.signs import shown

register = template.Library()


@register.filter
def signs(text: object) -> str:
    return shown("" if text is None else str(text))
