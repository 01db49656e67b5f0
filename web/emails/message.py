"""Makes an email of a template, as text and as HTML.

The template of an email extends `{{ layout }}`, which is one of three: its subject, its text, its HTML. So each
sentence stands once, and the tags of `{% load emails %}` say how it is drawn. Signs that nobody sees are written out
in all three, no matter who wrote them.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from data.texts.signs import shown

_SUBJECT, _TEXT, _HTML = "emails/subject.txt", "emails/layout.txt", "emails/layout.html"
# Templates are indented and conditional; quoted lines begin with ">" and stay as they are.
_INDENT, _GAPS = re.compile(r"^[ \t]+", re.MULTILINE), re.compile(r"\n{3,}")


def compose(
    template: str, context: Mapping[str, Any], to: str, headers: dict[str, str] | None = None
) -> EmailMultiAlternatives:
    subject = one_line(render_to_string(template, {**context, "layout": _SUBJECT}))
    text = _GAPS.sub("\n\n", _INDENT.sub("", render_to_string(template, {**context, "layout": _TEXT}))).strip() + "\n"
    html = render_to_string(template, {**context, "layout": _HTML, "title": subject})
    message = EmailMultiAlternatives(subject, shown(text), to=[to], headers=headers)
    message.attach_alternative(shown(html), "text/html")
    return message


def one_line(words: str) -> str:
    """Fit for a header: no line ends, and nothing that nobody sees."""
    return shown(" ".join(words.split()))
