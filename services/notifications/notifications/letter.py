"""A mail as it travels: text and HTML side by side, the codes of tickets as images inside."""

from dataclasses import dataclass, field
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from html import escape

from notifications import qr
from notifications.domain import Kind, Person
from notifications.outgoing import Mail, SeatCode
from notifications.wording import one_line

PAGE = """<!doctype html><html lang="en"><body style="margin:0;padding:24px;background:#f4f4f5;color:#18181b;\
font:16px/1.5 system-ui,sans-serif"><div style="max-width:560px;margin:auto;padding:24px;background:#fff;\
border-radius:12px"><h1 style="margin:0 0 16px;font-size:20px">{title}</h1>{content}\
<p style="margin:24px 0 0;font-size:13px;color:#71717a">Box Office</p></div></body></html>"""
PARAGRAPH = '<p style="margin:0 0 12px">{text}</p>'
TICKET = """<div style="margin:16px 0;padding:16px;border:1px solid #d4d4d8;border-radius:8px;text-align:center">\
<strong>Seat {seat}</strong><br><img src="cid:{cid}" alt="Code of seat {seat}" width="222" height="222"><br>\
<code style="font-size:12px;word-break:break-all">{code}</code></div>"""


PAGES = {Kind.WELCOME: "/confirm", Kind.PASSWORD_RESET: "/new-password"}
ASKED = {
    Kind.WELCOME: "To confirm that this is your address,",
    Kind.PASSWORD_RESET: "To set a new password, within half an hour,",
}
LINK = '<p style="margin:0 0 12px">{asked} <a href="{url}">open this page</a>: {url}</p>'


@dataclass(frozen=True, slots=True)
class Link:
    """The way back to the shop. The secret is in the fragment, which no browser sends and no server logs."""

    shop_url: str
    token: str = field(repr=False)

    def url(self, kind: Kind) -> str:
        """Empty where nobody said where the shop is."""
        return f"{self.shop_url.rstrip('/')}{PAGES[kind]}#{self.token}" if self.shop_url else ""

    def plain(self, kind: Kind) -> str:
        if url := self.url(kind):
            return f"{ASKED[kind]} open this page:\n{url}"
        return f"{ASKED[kind]} open the page {PAGES[kind]} of the shop and enter this code:\n{self.token}"

    def html(self, kind: Kind) -> str:
        if url := self.url(kind):
            return LINK.format(asked=escape(ASKED[kind]), url=escape(url))
        return PARAGRAPH.format(text=escape(self.plain(kind)))


def write(mail: Mail, reader: Person, *, sender: str, link: Link | None = None) -> bytes:
    """The message as bytes. The same mail is the same message, so that a mailbox can tell a repetition.

    To an address that is not confirmed goes nothing that the registrant chose, the name included. Raises ValueError
    when it cannot be addressed. The classic MIME classes are used because `EmailMessage` takes four times as long to
    write them out.
    """
    letter = MIMEMultipart("alternative", boundary=_boundary("alternative", mail))
    letter["From"] = sender
    letter["To"] = _mailbox(reader)
    letter["Subject"] = _unstructured(mail.subject)
    letter["Date"] = format_datetime(mail.created_at)
    letter["Message-ID"] = f"<{mail.message_id}@{address_of(sender).rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.attach(_text(_plain(mail, reader, link), "plain"))
    letter.attach(_html(mail, reader, link))
    return letter.as_bytes()


def address_of(mailbox: str) -> str:
    """The address in `NAME <ADDRESS>` or alone, its domain in ASCII. Raises ValueError when no mail server takes it."""
    local, _, domain = parseaddr(mailbox)[1].rpartition("@")
    address = f"{local}@{domain.encode('idna').decode()}"
    if not local or not domain or not address.isascii():
        raise ValueError("not an address that mail can be sent to")
    return address


def _unstructured(text: str) -> str:
    """`text` as the value of a header: one line, and what it looks like is what is read.

    A reader decodes `=?utf-8?q?...?=` (RFC 2047) wherever it stands, so text with `=?` is encoded too: decoded once it
    is that text again. Otherwise the title of a show could be any words that a filter has not seen.
    """
    line = one_line(text)
    return Header(line, "us-ascii" if _is_plain(line) else "utf-8").encode()


def _mailbox(reader: Person) -> str:
    """`NAME <ADDRESS>`; the quotes that `formataddr` sets do not keep every reader from decoding."""
    name, address = _name(reader), address_of(reader.email)
    return formataddr((name, address)) if _is_plain(name) else f"{Header(name, 'utf-8').encode()} <{address}>"


def _is_plain(line: str) -> bool:
    return line.isascii() and line.isprintable() and "=?" not in line


def _plain(mail: Mail, reader: Person, link: Link | None) -> str:
    codes = "\n".join(f"Seat {ticket.seat}: {ticket.code}" for ticket in mail.tickets)
    return "\n\n".join(
        part
        for part in (_greeting(reader), mail.body, link.plain(mail.kind) if link else "", codes, "Box Office")
        if part
    )


def _html(mail: Mail, reader: Person, link: Link | None) -> MIMEBase:
    paragraphs = [_greeting(reader), *mail.body.split("\n\n")]
    content = "".join(PARAGRAPH.format(text=escape(text)) for text in paragraphs)
    content += link.html(mail.kind) if link else ""
    content += "".join(
        TICKET.format(seat=escape(ticket.seat), cid=_cid(number, mail), code=escape(ticket.code))
        for number, ticket in enumerate(mail.tickets, 1)
    )
    page = _text(PAGE.format(title=escape(mail.subject), content=content), "html")
    if not mail.tickets:
        return page
    related = MIMEMultipart("related", boundary=_boundary("related", mail))
    related.attach(page)
    for number, ticket in enumerate(mail.tickets, 1):
        related.attach(_image(ticket, _cid(number, mail)))
    return related


def _greeting(reader: Person) -> str:
    name = _name(reader)
    return f"Hello {name}," if name else "Hello,"


def _name(reader: Person) -> str:
    return one_line(reader.name) if reader.confirmed else ""


def _text(text: str, subtype: str) -> MIMEText:
    return MIMEText(text, subtype, "utf-8")


def _image(ticket: SeatCode, cid: str) -> MIMEImage:
    image = MIMEImage(qr.png(ticket.code), "png")
    image["Content-ID"] = f"<{cid}>"
    image.add_header("Content-Disposition", "inline", filename=("utf-8", "", f"ticket-{one_line(ticket.seat)}.png"))
    return image


def _boundary(part: str, mail: Mail) -> str:
    """No text has this in it: all are in base64, which knows no underscore. To search for one that fits is slow."""
    return f"=_{part}_{mail.message_id.hex}"


def _cid(number: int, mail: Mail) -> str:
    return f"ticket-{number}.{mail.message_id}"
