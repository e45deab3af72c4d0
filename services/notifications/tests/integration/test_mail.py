"""Mail: one per message, whenever the mail server is there, to whoever still wants it."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from chassis.database import event_log
from chassis.errors import Unavailable
from chassis.testing import eventually
from notifications import handlers, wording
from notifications.domain import Message
from notifications.tables import contacts, mails, messages, tickets


def refund_of(order: Any) -> Message:
    return wording.refunded(account_id=order.account_id, order_id=order.order_id, show=order.show, amount="85.00 EUR")


async def test_each_confirmed_order_is_one_mail(office: Any, sink: Any, new_order: Any) -> None:
    accounts = [await office.register(email=f"ada+{number}@example.org") for number in range(5)]
    for _ in range(2):
        office.start(batch=3)
    orders = [new_order(account) for account in accounts for _ in range(10)]
    await office.confirm(*orders)
    await office.confirm(*orders)
    await office.has_mails(sent=5 + 50)
    subjects = Counter(mail["Subject"] for mail in sink.mails)
    assert subjects == {"Your 2 tickets for Hamlet": 50, "Welcome to Box Office": 5}
    assert len({mail["Message-ID"] for mail in sink.mails}) == 55
    assert Counter(sink.recipients) == {f"ada+{number}@example.org": 11 for number in range(5)}


async def test_a_ticket_mail_carries_the_codes(office: Any, sink: Any, new_order: Any) -> None:
    account = await office.register()
    await office.confirm(new_order(account, "A1", "A2"))
    office.start()
    await sink.gets(2)
    [mail] = [mail for mail in sink.mails if "tickets" in mail["Subject"]]
    text_part = mail.get_body(("plain",)).get_content()
    for ticket in await office.tickets():
        assert f"Seat {ticket.seat}: {ticket.code}" in text_part
    assert [part.get_content_type() for part in mail.walk()].count("image/png") == 2


async def test_mails_wait_for_accounts(office: Any, sink: Any, new_order: Any) -> None:
    office.directory.away = True
    mailer = office.mailer()
    await office.confirm(new_order(await office.register()))
    with pytest.raises(Unavailable):
        await mailer.round()
    assert await office.mail_states() == {"waiting": 2}
    office.directory.away = False
    assert await mailer.round() == 2
    assert len(sink.mails) == 2


async def test_a_mail_to_an_account_that_is_gone_is_dropped(office: Any, sink: Any) -> None:
    account = await office.register()
    del office.directory.people[account]
    await office.mailer().round()
    assert (sink.mails, await office.mail_states()) == ([], {"dropped": 1})


async def test_the_words_of_the_mail_server_are_not_kept(office: Any, sink: Any) -> None:
    sink.answers = ["550 5.1.1 <ada@example.org>: no such user"]
    await office.register()
    await office.mailer().round()
    async with office.database.reading() as connection:
        assert await connection.scalar(select(mails.c.error)) == "550 5.1.1"


async def test_no_person_is_kept(office: Any, sink: Any, new_order: Any) -> None:
    await office.confirm(new_order(await office.register()))
    await office.mailer().round()
    assert len(sink.mails) == 2
    async with office.database.reading() as connection:
        for table in (contacts, messages, mails, tickets, event_log):
            [text_of] = [(await connection.execute(select(text("*")).select_from(table))).all()]
            assert "ada@example.org" not in repr(text_of)


async def test_news_that_races_with_an_erasure_leaves_nothing(office: Any, new_order: Any) -> None:
    """The news of an account that was not heard of before is written while the account is erased."""
    order = new_order(uuid4())
    async with office.database.transaction() as tx:
        await handlers.tell(tx, [refund_of(order)])
        erasing = asyncio.create_task(office.do(handlers.erase, [order.account_id]))
        await eventually(lambda: waits_for_a_lock(office))
    await erasing
    assert await office.mail_states() == {}


async def waits_for_a_lock(office: Any) -> bool:
    async with office.database.reading() as connection:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(await connection.scalar(waiting))


async def test_mails_wait_for_the_mail_server(office: Any, sink: Any, new_order: Any) -> None:
    await sink.unplug()
    office.start()
    account = await office.register()
    await office.confirm(new_order(account))

    async def was_tried() -> bool:
        async with office.database.reading() as connection:
            return bool(await connection.scalar(select(mails.c.attempts).limit(1)) == 0)

    await eventually(was_tried)
    assert await office.mail_states() == {"waiting": 2}
    await sink.plug_in()
    await office.has_mails(sent=2)
    assert len(sink.mails) == 2


async def test_a_mail_that_is_put_off_goes_out_later_and_the_others_now(office: Any, sink: Any) -> None:
    sink.answers = ["451 greylisted"]
    mailer = office.mailer()
    for number in range(3):
        await office.register(email=f"ada+{number}@example.org")
    await mailer.round()
    assert await office.mail_states() == {"sent": 2, "waiting": 1}
    assert await mailer.round() == 0
    async with office.database.transaction() as tx:
        await tx.execute(text("UPDATE mails SET due_at = now() WHERE state = 'waiting'"))
    assert await mailer.round() == 1
    assert await office.mail_states() == {"sent": 3}
    assert len(sink.mails) == 3


async def test_a_mail_that_is_refused_is_given_up(office: Any, sink: Any) -> None:
    sink.answers = ["550 no such user"]
    await office.register()
    await office.mailer().round()
    assert await office.mail_states() == {"failed": 1}


async def test_a_mail_that_is_put_off_too_often_is_given_up(office: Any, sink: Any) -> None:
    sink.answers = ["451 busy"] * 2
    mailer = office.mailer(attempts=2)
    await office.register()
    await mailer.round()
    async with office.database.transaction() as tx:
        await tx.execute(text("UPDATE mails SET due_at = now()"))
    await mailer.round()
    assert await office.mail_states() == {"failed": 1}


async def test_an_address_that_cannot_be_written_to_stops_nobody(office: Any, sink: Any) -> None:
    await office.register(email="nobody")
    await office.register()
    await office.mailer().round()
    assert await office.mail_states() == {"failed": 1, "sent": 1}


async def test_a_crash_before_the_record_sends_the_same_mail_again(office: Any, sink: Any, monkeypatch: Any) -> None:
    await office.register()
    doomed = office.mailer(lease_seconds=0.05)
    monkeypatch.setattr(doomed, "_send", _sends_and_dies(doomed._send))
    try:
        await doomed.round()
    except InterruptedError:
        office.mailers.remove(doomed)
    assert (len(sink.mails), await office.mail_states()) == (1, {"waiting": 1})
    office.start()
    await office.has_mails(sent=1)
    assert [mail["Message-ID"] for mail in sink.mails] == [sink.mails[0]["Message-ID"]] * 2


async def test_a_stopped_mailer_puts_back_what_it_has_not_sent(office: Any, sink: Any) -> None:
    mailer = office.mailer()
    for _ in range(3):
        await office.register()
    mailer._stopping = True
    await mailer.round()
    assert sink.mails == []
    await office.mailer().round()
    assert len(sink.mails) == 3


async def test_a_refund_before_the_tickets_went_out_sends_no_tickets(office: Any, sink: Any, new_order: Any) -> None:
    order = new_order(await office.register())
    await office.confirm(order)
    await office.do(handlers.close_orders, [order.order_id])
    await office.do(handlers.tell, [refund_of(order)])
    await office.mailer().round()
    assert [mail["Subject"] for mail in sink.mails] == [
        "Welcome to Box Office",
        "Your money for Hamlet is on its way back",
    ]


async def test_an_erased_customer_is_forgotten_and_left_alone(office: Any, sink: Any, new_order: Any) -> None:
    account, other = await office.register(), await office.register(email="bob@example.org")
    orders = [new_order(account), new_order(other)]
    await office.confirm(*orders)
    await office.do(handlers.erase, [account])
    await office.do(handlers.tell, [refund_of(order) for order in orders])
    await office.register(account)  # old news, come late
    await office.mailer().round()
    assert set(sink.recipients) == {"bob@example.org"}
    async with office.database.reading() as connection:
        readers = set((await connection.execute(select(messages.c.account_id))).scalars())
    assert readers == {other}


def _sends_and_dies(send: Any) -> Any:
    async def send_and_die(batch: Any) -> None:
        await send(batch)
        raise InterruptedError

    return send_and_die


async def test_the_link_of_a_reset_is_in_the_mail_and_nowhere_else(office: Any, sink: Any) -> None:
    account, reset_id, spent_id = await office.register(), uuid4(), uuid4()
    office.directory.tokens[reset_id] = "secret-of-the-link"
    mailer = office.mailer(shop_url="https://shop.example/")
    await office.do(handlers.tell, [wording.password_reset(account, each) for each in (reset_id, spent_id)])
    await mailer.round()
    [mail] = [mail for mail in sink.mails if mail["Subject"] == "Set a new password"]
    for kind in ("plain", "html"):
        assert "https://shop.example/new-password#secret-of-the-link" in mail.get_body((kind,)).get_content()
    assert await office.mail_states() == {"sent": 2, "dropped": 1}, "a link that is spent needs no mail"
    async with office.database.reading() as connection:
        for table in (messages, mails, event_log):
            assert "secret-of-the-link" not in str((await connection.execute(select(table))).all())


async def test_an_address_that_is_not_confirmed_gets_bounded_mail_without_a_word_of_the_registrant(
    office: Any, sink: Any, new_order: Any
) -> None:
    account = await office.register(confirmed=False)
    mailer = office.mailer(unconfirmed_mails_per_day=3)
    for _ in range(5):
        await office.confirm(new_order(account))
        await mailer.round()
    assert len(sink.mails) == 3
    assert await office.mail_states() == {"sent": 3, "dropped": 3}
    assert not any("Ada" in str(mail) or "Ada" in mail.get_body(("plain",)).get_content() for mail in sink.mails)
    confirmed = await office.register()
    await office.confirm(*(new_order(confirmed) for _ in range(5)))
    await mailer.round()
    assert len(sink.mails) == 3 + 6
