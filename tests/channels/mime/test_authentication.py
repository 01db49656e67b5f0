"""What servers say of who sent an email, and what nobody else can say in their place."""

from email import message_from_string

import pytest

from channels.mime.authentication import is_from

MX = "mx.shop.example"
# What stands in the headers, from the top; which server is believed; and whether the email is from ada@example.org.
SAID: list[tuple[list[str], str, bool]] = [
    ([f"{MX}; dmarc=pass (p=REJECT sp=NONE) header.from=example.org"], MX, True),
    ([f"{MX}; dkim=fail; spf=fail; dmarc=pass header.from=example.org"], MX, True),
    ([f"{MX} 1; dmarc = pass header.from = Example.ORG"], MX, True),
    ([f"{MX}; dmarc=pass header.from=evil.example"], MX, False),
    ([f"{MX}; dkim=pass header.d=example.org; dmarc=fail header.from=example.org"], MX, False),
    ([f"{MX}; dkim=pass header.i=@example.org"], MX, True),
    ([f"{MX}; dkim=pass header.d=evil.example; dkim=pass header.d=example.org"], MX, True),
    ([f"{MX}; dkim=pass header.d=org"], MX, False),
    ([f"{MX}; dkim=pass header.d=notexample.org"], MX, False),
    ([f"{MX}; spf=pass smtp.mailfrom=ada@example.org"], MX, True),
    ([f"{MX}; spf=pass smtp.mailfrom=ada@evil.example"], MX, False),
    ([f"{MX}; spf=pass smtp.helo=example.org"], MX, False),
    ([f"{MX}; none"], MX, False),
    ([], MX, False),
    (["mx.evil.example; dmarc=pass header.from=example.org"], MX, False),
    ([f"{MX}; dmarc=fail header.from=example.org", f"{MX}; dmarc=pass header.from=example.org"], MX, False),
    ([f"{MX}; spf=softfail", f"{MX}; dkim=pass header.d=example.org"], MX, True),
    # What a sender chooses stands in comments and quotations.
    ([f'{MX}; spf=pass smtp.mailfrom="a; dmarc=pass header.from=example.org"@evil.example'], MX, False),
    ([f"{MX}; spf=pass (of a; dmarc=pass header.from=example.org) smtp.mailfrom=evil.example"], MX, False),
    ([f"{MX}; spf=pass (of a (b; dkim=pass header.d=example.org)"], MX, False),
    ([f'{MX}; dkim=pass header.d="example.org'], MX, False),
    ([f"({MX}); dmarc=pass"], MX, False),
    (["; " * 9000], MX, False),
    # Microsoft's names itself nowhere.
    (
        ["spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=example.org; dmarc=pass header.from=example.org"],
        "topmost",
        True,
    ),
    (["spf=fail smtp.mailfrom=x; dmarc=fail header.from=example.org", "dmarc=pass"], "topmost", False),
    ([], "topmost", False),
]


@pytest.mark.parametrize(("written", "believed", "expected"), SAID)
def test_only_the_server_that_is_believed_says_who_sent_an_email(
    written: list[str], believed: str, expected: bool
) -> None:
    lines = "".join(f"Authentication-Results: {value}\n" for value in written)
    message = message_from_string(f"{lines}From: ada@example.org\n\nHello")
    assert is_from(message, "Ada@example.org", believed) is expected
