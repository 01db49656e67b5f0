import pytest

from web.format.prose import to_html


def test_markdown_becomes_html_below_the_headings_of_the_page() -> None:
    assert to_html("# Hi\n\n**bold** `code`\n\n- one") == (
        "<h3>Hi</h3>\n<p><strong>bold</strong> <code>code</code></p>\n<ul>\n<li>one</li>\n</ul>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        '[x](https://example.com/"onmouseover="alert(1))',
        "<javascript:alert(1)>",
        "`<script>`\n```\n<script>\n```",
    ],
)
def test_nothing_in_the_text_becomes_a_script(text: str) -> None:
    html = to_html(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert " onmouseover" not in html


def test_an_image_becomes_its_words() -> None:
    assert to_html("see ![the <chart>](https://example.com/?q=secret)") == "<p>see the &lt;chart&gt;</p>\n"


def test_links_lend_nobody_our_name() -> None:
    assert 'rel="nofollow noopener"' in to_html("[x](https://example.com)")
