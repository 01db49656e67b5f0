"""Emails for tests: ordinary ones by `letter`, and a corpus of odd and hostile ones with what should become of each."""

import base64
import struct
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

MARTA = "Marta Keller <marta@example.org>"


def letter(
    text: str = "The lamp is broken.", *, id: str = "<1@example.org>", sender: str = MARTA, **headers: str
) -> bytes:
    message = EmailMessage()
    said = {"From": sender, "To": "support@shop.example", "Subject": "Broken lamp", "Message-ID": id}
    for name, value in (said | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        message[name] = value
    message.set_content(text)
    return message.as_bytes()


@dataclass(frozen=True)
class Odd:
    """One of the corpus. `text` and `title` are in the case; `files` are its names; `note` is part of what it says.
    `status`: of the arrival, where it makes no case.
    """

    name: str
    content: bytes
    text: str = ""
    title: str = ""
    files: tuple[str, ...] = ()
    note: str = ""
    status: str = "added"
    reason: str = ""


def _head(**headers: str) -> bytes:
    said = {"From": MARTA, "To": "support@shop.example", "Subject": "Odd"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "".join(f"{name}: {value}\n" for name, value in said.items() if value).encode("utf-8", "surrogateescape")


def _mixed(*parts: bytes, kind: str = "mixed", extra: str = "", **headers: str) -> bytes:
    head = _head(MIME_Version="1.0", Content_Type=f'multipart/{kind}; boundary="edge"{extra}', **headers)
    return head + b"\n" + b"".join(b"--edge\n" + part + b"\n" for part in parts) + b"--edge--\n"


def _file(name: str, data: bytes, kind: str = "application/pdf") -> bytes:
    head = f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
    return head.encode() + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(data)


def _tnef(name: str, data: bytes, text: str = "") -> bytes:
    def attribute(level: int, id: int, value: bytes) -> bytes:
        return struct.pack("<BII", level, id, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    packed = struct.pack("<IH", 0x223E9F78, 1)
    packed += attribute(1, 0x0002800C, text.encode() + b"\0") if text else b""
    packed += attribute(2, 0x00069002, b"\0" * 14)
    packed += attribute(2, 0x00018010, name.encode() + b"\0")
    return packed + attribute(2, 0x0006800F, data)


def _nested(depth: int) -> bytes:
    lines = [f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)]
    return _head() + "".join(lines).encode() + b"Content-Type: text/plain\n\nThe innermost text\n"


_PLAIN = b"Content-Type: text/plain; charset=utf-8\n\nSee the file.\n"
_HTML = b"Content-Type: text/html; charset=utf-8\n\n<p>Hello <b>there</b></p><p>Second</p>\n"
_INVITE = b"""Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
DTSTART:19700101T000000
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Review of the
  contract
DTSTART;TZID=Europe/Berlin:20261203T140000
LOCATION:Room 4\\, second floor
ORGANIZER:mailto:boss@example.org
END:VEVENT
END:VCALENDAR
"""
_BOUNCE = b"""Content-Type: text/plain

Your message could not be delivered.
"""
_STATUS = b"""Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; marta@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user
"""

CORPUS: list[Odd] = [
    Odd("nothing at all", b"", title="Email that could not be read", note="could not be read"),
    Odd("no email but bytes", b"\x00\xff\xfe\x01garbage", title="Email that could not be read"),
    Odd("only headers", _head(), title="Odd"),
    Odd("no headers", b"\nJust a text.\n", text="Just a text.", title="Email that could not be read"),
    Odd("no sender", _head(From="") + b"\nWho am I?\n", text="Who am I?"),
    Odd("a sender that is no address", _head(From="Nobody at all") + b"\nHello\n", text="Hello"),
    Odd("no subject", _head(Subject="") + b"\nHello\n", text="Hello", title="Email from marta@example.org"),
    Odd("a subject of 5,000 letters", _head(Subject="a" * 5000) + b"\nHi\n", title="a" * 199 + "…"),
    Odd("controls in the subject", _head(Subject="A\x07 \x1bbell") + b"\nHi\n", title="A bell"),
    Odd(
        "folded encoded words", _head(Subject="=?utf-8?B?w5xi?=\n =?utf-8?Q?er_alles?=") + b"\nx\n", title="Über alles"
    ),
    Odd("broken Base64 in the subject", _head(Subject="=?utf-8?B?w5xi%%%?= end") + b"\nx\n", text="x"),
    Odd("an unknown charset in the subject", _head(Subject="=?x-no-such?Q?M=FCll?=") + b"\nx\n", title="Müll"),
    Odd("8-bit UTF-8 in headers", "Subject: Grüße\nFrom: Jürgen <j@example.org>\n\nTag\n".encode(), title="Grüße"),
    Odd("8-bit Latin-1 in headers", "Subject: Grüße\nFrom: a@example.org\n\nTag\n".encode("latin-1"), title="Grüße"),
    Odd(
        "Latin-1 that says UTF-8",
        _head(Content_Type="text/plain; charset=utf-8") + "\nMüller grüßt".encode("latin-1"),
        text="Müller grüßt",
    ),
    Odd(
        "UTF-8 that says ASCII", _head(Content_Type="text/plain; charset=us-ascii") + "\nMüller".encode(), text="Müller"
    ),
    Odd(
        "Windows quotes that say Latin-1",
        _head(Content_Type="text/plain; charset=iso-8859-1") + b"\n\x93Lamp\x94 costs 5 \x80\n",
        text="“Lamp” costs 5 €",
    ),
    Odd(
        "Shift JIS",
        _head(Content_Type="text/plain; charset=Shift_JIS") + b"\n" + "電球が壊れた".encode("shift_jis"),
        text="電球が壊れた",
    ),
    Odd(
        "GBK that says GB2312",
        _head(Content_Type="text/plain; charset=gb2312") + b"\n" + "灯泡坏了，朱镕基".encode("gbk"),
        text="灯泡坏了，朱镕基",
    ),
    Odd(
        "a codec that is no charset",
        _head(Content_Type="text/plain; charset=unicode_escape") + b"\n\\u0041\n",
        text="\\u0041",
    ),
    Odd(
        "broken Base64 in the body",
        _head(Content_Transfer_Encoding="base64") + b"\nSGVsbG8gd29ybGQ\n!!!!\n",
        text="Hello world",
    ),
    Odd(
        "HTML alone",
        _head(Content_Type="text/html") + b"\n<p>Hi<br>there</p><table><tr><td>x</table>",
        text="Hi\nthere",
    ),
    Odd(
        "HTML with scripts, styles and what is hidden",
        _head(Content_Type="text/html")
        + b"\n<head><style>p{}</style></head><p>Seen</p><script>alert(1)</script>"
        + b"<div style='display:none'>Unseen</div>",
        text="Seen",
    ),
    Odd(
        "HTML nested 5,000 deep",
        _head(Content_Type="text/html") + b"\n" + b"<div>" * 5000 + b"deep",
        text="deep",
    ),
    Odd("a megabyte of <", _head(Content_Type="text/html") + b"\nLamp " + b"<" * 1_000_000, note="longer"),
    Odd("plain and HTML", _mixed(_PLAIN, _HTML, kind="alternative"), text="See the file."),
    Odd(
        "empty plain beside HTML",
        _mixed(b"Content-Type: text/plain\n\n \n", _HTML, kind="alternative"),
        text="Hello there\n\nSecond",
    ),
    Odd("a file", _mixed(_PLAIN, _file("Rechnung.pdf", b"%PDF-1.7")), text="See the file.", files=("Rechnung.pdf",)),
    Odd(
        "a file with a way in its name",
        _mixed(_PLAIN, _file("../../etc/passwd", b"root")),
        files=("passwd",),
    ),
    Odd(
        "an encoded file name",
        _mixed(
            _PLAIN,
            b"Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''R%C3%BCck.pdf\n\nx\n",
        ),
        files=("Rück.pdf",),
    ),
    Odd("a file without a name", _mixed(_PLAIN, b"Content-Type: image/png\n\nPNG\n"), files=("part-3.png",)),
    Odd(
        "30 files",
        _mixed(_PLAIN, *(_file(f"{n}.pdf", b"x") for n in range(30))),
        files=tuple(f"{n}.pdf" for n in range(20)),
        note="Only 20 files",
    ),
    Odd(
        "a file of 22 MB",
        _mixed(_PLAIN, _file("huge.bin", b"x" * 22 * 1024 * 1024, "application/octet-stream")),
        text="See the file.",
        note="huge.bin is too large to attach",
    ),
    Odd(
        "an invitation",
        _mixed(_INVITE, kind="alternative"),
        text="An invitation.\nMeeting: Review of the contract\nBegins: 2026-12-03 14:00 Europe/Berlin\n"
        "Place: Room 4, second floor\nOrganizer: boss@example.org",
        files=("invite.ics",),
    ),
    Odd(
        "an invitation beside a text",
        _mixed(_PLAIN, _INVITE),
        text="See the file.\n\nAn invitation.",
        files=("invite.ics",),
    ),
    Odd(
        "winmail.dat",
        _mixed(_PLAIN, _file("winmail.dat", _tnef("plan.xlsx", b"PK"), "application/ms-tnef")),
        text="See the file.",
        files=("plan.xlsx",),
    ),
    Odd(
        "winmail.dat with the text",
        _mixed(_file("winmail.dat", _tnef("plan.xlsx", b"PK", "Hello from Outlook"), "application/ms-tnef")),
        text="Hello from Outlook",
        files=("plan.xlsx",),
    ),
    Odd(
        "a broken winmail.dat",
        _mixed(_PLAIN, _file("winmail.dat", _tnef("plan.xlsx", b"PK")[:40], "application/ms-tnef")),
        files=("winmail.dat",),
        note="could not be unpacked",
    ),
    Odd(
        "a forwarded email as a file",
        _mixed(_PLAIN, b"Content-Type: message/rfc822\n\nSubject: Inner\nFrom: b@example.org\n\nInside\n"),
        text="See the file.",
        files=("Inner.eml",),
    ),
    Odd("three levels of parts", _mixed(_mixed(_mixed(_PLAIN), kind="related")), text="See the file."),
    Odd("100 levels of parts", _nested(100), note="more parts than Baton reads"),
    Odd("3,000 levels of parts", _nested(3000), note="could not be read"),
    Odd("2,000 parts", _mixed(*[b"Content-Type: text/plain\n\nx\n"] * 2000), note="more parts than Baton reads"),
    Odd("parts that never begin", _head(Content_Type='multipart/mixed; boundary="none"') + b"\nLost?\n", text="Lost?"),
    Odd("no boundary", _head(Content_Type="multipart/mixed") + b"\nStill a text\n", text="Still a text"),
    Odd(
        "an encrypted email",
        _mixed(_file("smime.p7m", b"0\x80", "application/pkcs7-mime")),
        note="encrypted",
        files=("smime.p7m",),
    ),
    Odd("20,000 brackets as sender", _head(From="(" * 20_000) + b"\nHi\n", text="Hi"),
    Odd("100,000 recipients", _head(To="a@b.example, " * 100_000) + b"\nHi\n", text="Hi"),
    Odd("two senders", _head(From="a@example.org, b@example.org") + b"\nHi\n", text="Hi"),
    Odd("a date of nowhere", _head(Date="Fri, 99 Foo 20266 99:99:99") + b"\nHi\n", text="Hi"),
    Odd("a Message-ID without brackets", _head(Message_ID="no brackets here") + b"\nHi\n", text="Hi"),
    Odd("a Message-ID of 5,000 letters", _head(Message_ID=f"<{'a' * 800}@example.org>") + b"\nHi\n", text="Hi"),
    Odd("U+0000 and halves of letters", _head() + b"\nA\x00B \xed\xa0\x80 C\n", text="AB"),
    Odd("old Mac line ends", _head().replace(b"\n", b"\r") + b"\rOne\rTwo\r", text="One\nTwo"),
    Odd(
        "an automatic answer",
        _head(Auto_Submitted="auto-replied") + b"\nI am away\n",
        status="ignored",
        reason="automatic",
    ),
    Odd("a person who says so", _head(Auto_Submitted="no") + b"\nI am here\n", text="I am here"),
    Odd(
        "away, by the subject",
        _head(Subject="Automatic reply: Lamp") + b"\nAway\n",
        status="ignored",
        reason="automatic",
    ),
    Odd("away, in German", _head(Subject="Abwesenheitsnotiz: Lamp") + b"\nWeg\n", status="ignored", reason="automatic"),
    Odd("away, by precedence", _head(Precedence="auto_reply") + b"\nAway\n", status="ignored", reason="automatic"),
    Odd(
        "a receipt",
        _mixed(_BOUNCE, kind="report", extra="; report-type=disposition-notification"),
        status="ignored",
        reason="automatic",
    ),
    Odd(
        "a bounce",
        _mixed(_BOUNCE, _STATUS, kind="report", extra="; report-type=delivery-status"),
        status="ignored",
        reason="could not be delivered",
    ),
    Odd(
        "a bounce in plain words",
        _head(From="MAILER-DAEMON@mx.example.org", Subject="Undelivered Mail Returned to Sender") + b"\nSorry\n",
        status="ignored",
        reason="could not be delivered",
    ),
    Odd("no return path", _head(Return_Path="<>") + b"\nx\n", status="ignored", reason="could not be delivered"),
    Odd("a list", _head(List_Id="<dev.example.org>") + b"\nPatch\n", status="ignored", reason="list"),
    Odd("a newsletter", _head(List_Unsubscribe="<https://x>") + b"\nSale\n", status="ignored", reason="list"),
    Odd("bulk", _head(Precedence="bulk") + b"\nSale\n", status="ignored", reason="list"),
    Odd(
        "our own address",
        _head(From="Support <support+x@shop.example>") + b"\nEcho\n",
        status="ignored",
        reason="Baton",
    ),
]


# Answers as mail programs write them, each with what is new in it.
ANSWERS: list[tuple[str, str, str]] = [
    (
        "Gmail",
        "It works now.\n\nOn Mon, Dec 1, 2026 at 9:12 AM Support <s@x.example> wrote:\n\n> Old\n>\n> Older\n",
        "It works now.",
    ),
    ("a short one", "2\n\nOn Tue, Dec 1, 2026 at 9:12 Shop <s@x.example> wrote:\n> Which?\n> 1. This\n", "2"),
    ("Gmail, folded", "Yes.\n\nOn Mon, Dec 1, 2026 at 9:12 AM Support\n<s@x.example> wrote:\n\n> Old\n", "Yes."),
    (
        "Outlook",
        "Thanks.\n\n________________________________\nFrom: Support\nSent: Monday\nTo: M\nSubject: x\n\nOld\n",
        "Thanks.",
    ),
    ("Outlook, German", "Danke.\n\nVon: Support\nGesendet: Montag\nAn: M\nBetreff: x\n\nAlt\n", "Danke."),
    ("Original Message", "Ok\n\n-----Original Message-----\nFrom: x\n\nOld", "Ok"),
    ("Apple, German", "Gut.\n\nAm 01.12.2026 um 09:12 schrieb Support <s@x.example>:\n\n> Alt\n", "Gut."),
    ("French", "Oui.\n\nLe lun. 1 déc. 2026 à 09:12, Support <s@x.example> a écrit :\n\n> Vieux\n", "Oui."),
    ("Polish", "Tak.\n\nW dniu 01.12.2026 o 09:12, Support pisze:\n> Stare\n", "Tak."),
    ("any language", "Igen.\n\nValaki 2026. 12. 01. 9:12, <s@x.example> barmit mond:\n> Regi\n", "Igen."),
    ("only quoted lines at the end", "Fine.\n\n> Old\n> Older\n", "Fine."),
    ("between the lines", "On Mon, Dec 1, 2026 Support wrote:\n> Colour?\nBlue.\n> Size?\nLarge.\n", "Blue."),
    ("nothing but a quotation", "> Only this\n", "> Only this"),
    (
        "a forwarded block is what it says",
        "No history here: from 9 to 5.\nTo: nobody\n",
        "No history here: from 9 to 5.\nTo: nobody",
    ),
]


def answer(text: str, references: str = "<0@example.org>", **headers: Any) -> bytes:
    return letter(text, In_Reply_To=references, References=references, Subject="Re: Broken lamp", **headers)
