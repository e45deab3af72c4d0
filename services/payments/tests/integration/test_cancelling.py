"""A cancelled order costs nothing in the end, whenever the cancellation comes."""

from typing import Any

from chassis.ids import uuid7


async def test_before_the_order_was_heard_of_it_holds(desk: Any) -> None:
    desk.start()
    order = uuid7()
    await desk.cancel(order)
    await desk.place(order_id=order)
    await desk.becomes(await desk.place(), "captured")
    assert await desk.state(order) == "voided"
    assert order not in await desk.books()
    assert await desk.told(order) == []


async def test_before_the_provider_was_asked_nothing_is_charged(desk: Any) -> None:
    order = await desk.place()
    await desk.cancel(order)
    desk.start()
    await desk.becomes(await desk.place(), "captured")
    assert await desk.state(order) == "voided"
    assert order not in await desk.books()


async def test_after_the_capture_the_money_goes_back_once(desk: Any) -> None:
    desk.start()
    order = await desk.place()
    await desk.becomes(order, "captured")
    await desk.cancel(order)
    await desk.becomes(order, "refunded")
    await desk.cancel(order)
    await desk.becomes(await desk.place(), "captured")
    captured, refunded = [event for event in await desk.log() if event.key == str(order)]
    assert (captured.type, refunded.type) == ("payment.captured", "payment.refunded")
    assert refunded.data == captured.data
    assert (await desk.books())[order].state == "refunded"


async def test_while_the_provider_is_slow_no_money_stays(desk: Any) -> None:
    cashier = desk.start()
    order = await desk.place("tok_slow")
    await desk.is_asked(order)
    await desk.cancel(order)
    await desk.becomes(order, "voided")
    await cashier.stop()  # waits for the slow answer
    assert await desk.state(order) == "voided"
    assert (await desk.books())[order].state == "closed"
    assert await desk.told(order) == []


async def test_after_a_capture_that_nobody_recorded_the_money_goes_back(desk: Any) -> None:
    desk.line.cut = True
    desk.start()
    order = await desk.place()
    await desk.is_booked(order)
    await desk.cancel(order)
    desk.line.cut = False
    await desk.becomes(order, "refunded")
    assert (await desk.books())[order].state == "refunded"
    assert await desk.told(order) == ["payment.refunded"]


async def test_a_declined_order_stays_declined(desk: Any) -> None:
    desk.start()
    order = await desk.place("tok_declined")
    await desk.becomes(order, "declined")
    await desk.cancel(order)
    assert await desk.state(order) == "declined"


async def test_a_crash_while_the_money_goes_back_refunds_once(desk: Any) -> None:
    first = desk.start()
    order = await desk.place()
    await desk.becomes(order, "captured")
    await first.stop()
    await desk.cancel(order)
    desk.line.cut = True
    desk.start()
    await desk.is_asked(order, times=2)
    desk.line.cut = False
    await desk.becomes(order, "refunded")
    assert await desk.told(order) == ["payment.captured", "payment.refunded"]
