"""A mail is well formed whatever is in it, and its images are the codes of the tickets."""

import struct
import zlib
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
import segno

from notifications import letter, qr
from notifications.domain import Kind, Person
from notifications.outgoing import Mail, SeatCode

ID = UUID("0190a5c0-0000-5000-8000-000000000001")
SENDER = "Box Office <tickets@boxoffice.test>"
CODES = ("BO" + "A" * 42, "BO" + "B" * 42)


def mail(**changes: Any) -> Mail:
    facts: dict[str, Any] = {
        "message_id": ID,
        "attempts": 1,
        "account_id": ID,
        "subject": "Your 2 tickets for Hamlet",
        "body": "Your order is confirmed.\n\nYou paid 85.00 EUR.",
        "kind": Kind.CONFIRMED,
        "created_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC),
        "tickets": tuple(SeatCode(f"A{number}", code) for number, code in enumerate(CODES, 1)),
    }
    return Mail(**(facts | changes))


def person(**changes: Any) -> Person:
    facts: dict[str, Any] = {"id": ID, "email": "ada@example.org", "name": "Ada Lovelace", "confirmed": True}
    return Person(**(facts | changes))


ADA = person()


def parsed(mail: Mail, reader: Person = ADA) -> EmailMessage:
    message = message_from_bytes(letter.write(mail, reader, sender=SENDER), policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def dark(png: bytes) -> list[list[bool]]:
    """The modules of a QR code in a PNG image of one bit a pixel, without the border."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (1, 0)
    start = png.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", png[start - 8 : start - 4])
    rows = zlib.decompress(png[start : start + length])
    stride = 1 + (width + 7) // 8
    assert len(rows) == stride * height

    def is_dark(x: int, y: int) -> bool:
        return not rows[y * stride + 1 + x // 8] >> (7 - x % 8) & 1

    inside = range(qr.BORDER * qr.PIXELS, width - qr.BORDER * qr.PIXELS, qr.PIXELS)
    return [[is_dark(x, y) for x in inside] for y in inside]


def test_a_mail_has_text_and_page_and_the_code_of_each_ticket() -> None:
    message = parsed(mail())
    assert content(message, "plain").startswith(
        "Hello Ada Lovelace,\n\nYour order is confirmed.\n\nYou paid 85.00 EUR."
    )
    page = content(message, "html")
    images = [part for part in message.walk() if part.get_content_type() == "image/png"]
    for number, (code, image) in enumerate(zip(CODES, images, strict=True), 1):
        assert f"Seat A{number}: {code}" in content(message, "plain")
        assert f'src="cid:{image["Content-ID"][1:-1]}"' in page
        assert dark(image.get_content()) == [[bool(module) for module in row] for row in drawn(code)]


def drawn(code: str) -> Any:
    return segno.make(code, micro=False, error="m", boost_error=False, mask=qr.MASK).matrix


def test_the_same_mail_has_the_same_message_id() -> None:
    first, second = parsed(mail()), parsed(mail(attempts=2))
    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@boxoffice.test>"
    assert first["Date"] == "Fri, 01 May 2026 18:30:00 +0000"


def test_a_mail_without_tickets_has_no_images() -> None:
    message = parsed(mail(tickets=()))
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_any_script_arrives() -> None:
    message = parsed(mail(subject="Dein Ticket für Фауст"), person(name="Žofie 東"))
    assert message["Subject"] == "Dein Ticket für Фауст"
    assert message["To"].addresses[0].display_name == "Žofie 東"
    assert "Hello Žofie 東," in content(message, "plain")


def test_a_name_is_text_in_the_page_and_one_line_in_the_header() -> None:
    name = 'A <script>alert("x")</script>\r\nBcc: all@example.org'
    message = parsed(mail(), person(name=name))
    assert message["Bcc"] is None
    assert "<script>" not in content(message, "html")


ENCODED_WORDS = (
    "=?utf-8?q?Your_account_is_closed?=",
    "Hamlet =?utf-8?b?UGF5IGhlcmU=?= tonight",
    "=?us-ascii?Q?=0D=0ABcc=3A_all=40example=2Eorg?=",
    'Ada "=?utf-8?q?Bank?=" <bank@example.org>',
    "half of one =?utf-8?q?",
    "a bell\x07 =?",
)


@pytest.mark.parametrize("text", ENCODED_WORDS)
def test_what_looks_encoded_is_read_as_it_was_written(text: str) -> None:
    """A header that holds the text as it is would be read as other words."""
    written = letter.write(mail(subject=text), person(name=text), sender=SENDER)
    raw = message_from_bytes(written)
    for header in ("Subject", "To"):
        encoded = raw[header].replace("\n", "").replace(" <ada@example.org>", "")
        assert str(make_header(decode_header(encoded))) == text
        assert not any(word in raw[header] for word in ENCODED_WORDS)
    assert parsed(mail(subject=text))["Bcc"] is None


@pytest.mark.parametrize("text", ["one\r\nBcc: all@example.org", "one\nBcc: all@example.org", "one\x85Bcc:\u2028two"])
def test_a_subject_is_one_line(text: str) -> None:
    message = parsed(mail(subject=text))
    assert message["Bcc"] is None
    assert message["Subject"] == " ".join(text.split())


def test_the_file_of_a_code_may_have_any_name() -> None:
    [image] = [
        part
        for part in parsed(mail(tickets=(SeatCode("Ä1", CODES[0]),))).walk()
        if part.get_content_type() == "image/png"
    ]
    assert image.get_filename() == "ticket-Ä1.png"


def test_an_address_that_is_not_confirmed_gets_no_words_of_the_registrant() -> None:
    raw = letter.write(mail(), person(name="Buy gold at evil.example", confirmed=False), sender=SENDER)
    message = message_from_bytes(raw, policy=default)
    assert message["To"] == "ada@example.org"
    assert [part for part in message.walk() if "gold" in str(part.get_payload(decode=True))] == []
    assert content(parsed(mail(), person(confirmed=False)), "plain").startswith("Hello,\n\n")


def test_a_domain_of_any_script_becomes_ascii() -> None:
    assert letter.address_of("ada@bücher.example") == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("address", ["", "ada", "@example.org", "ädä@example.org", "ada@" + "x" * 70 + ".org"])
def test_an_address_that_no_server_takes_is_said_so(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        letter.address_of(address)


def test_the_svg_of_a_code_scales() -> None:
    image = qr.svg(CODES[0])
    assert image.startswith(b"<svg")
    assert b"viewBox" in image
    assert b" width=" not in image
