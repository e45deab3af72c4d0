"""Charging on a real database: once per order whatever happens, and no order waits for another."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.testing import eventually
from payments.cashier import backlog


async def test_an_order_is_charged_and_the_others_are_told(desk: Any) -> None:
    desk.start()
    order = await desk.place()
    await desk.becomes(order, "captured")
    [event] = await desk.log()
    booked = (await desk.books())[order]
    assert (event.type, event.key, event.traceparent) == ("payment.captured", str(order), "00-a-b-01")
    assert event.data == {
        "order_id": str(order),
        "payment_id": str(booked.payment_id),
        "amount": {"amount": 8500, "currency": "EUR"},
    }
    assert (booked.state, booked.amount, booked.currency) == ("captured", 8500, "EUR")


@pytest.mark.parametrize(("token", "reason"), [("tok_declined", "card-declined"), ("tok_of_my_own", "unknown-token")])
async def test_a_declined_order_is_told_with_the_reason(desk: Any, token: str, reason: str) -> None:
    desk.start()
    order = await desk.place(token)
    await desk.becomes(order, "declined")
    [event] = await desk.log()
    assert (event.type, event.data["reason"]) == ("payment.declined", reason)


async def test_operators_see_how_many_orders_wait(desk: Any) -> None:
    watching = backlog(desk.database)
    watching.start()
    try:
        await desk.place()
        await desk.place()
        await eventually(waiting, lambda number: number == 2)
        desk.start()
        await eventually(waiting, lambda number: number == 0)
    finally:
        await watching.stop()


async def waiting() -> float:
    return REGISTRY.get_sample_value("charges_waiting") or 0.0


async def test_the_same_order_again_is_no_new_charge(desk: Any) -> None:
    desk.start()
    order = await desk.place()
    await desk.becomes(order, "captured")
    await desk.place(order_id=order)
    other = await desk.place()
    await desk.becomes(other, "captured")
    assert (await desk.books())[order].calls == 1
    assert await desk.told(order) == ["payment.captured"]


async def test_a_crash_between_the_provider_and_the_record_is_one_charge(desk: Any) -> None:
    doomed = desk.cashier(lease_seconds=0.3)
    order = await desk.place()
    await doomed.round()
    await desk.is_booked(order)
    desk.cashiers.remove(doomed)  # it dies here, with the answer in its hands
    assert await desk.state(order) == "pending"

    desk.start()
    await desk.becomes(order, "captured")
    booked = (await desk.books())[order]
    assert (booked.calls, booked.state) == (2, "captured")
    assert await desk.told(order) == ["payment.captured"]


async def test_an_answer_that_comes_after_all_is_not_told_again(desk: Any) -> None:
    slow = desk.cashier(lease_seconds=0.05)
    order = await desk.place()
    await slow.round()
    await desk.is_booked(order)
    desk.start()
    await desk.becomes(order, "captured")
    await slow.round()
    assert await desk.told(order) == ["payment.captured"]


async def test_an_answer_that_gets_lost_is_asked_for_again(desk: Any) -> None:
    desk.line.cut = True
    desk.start()
    order = await desk.place()
    await desk.is_asked(order, times=2)
    assert await desk.state(order) == "pending"
    desk.line.cut = False
    await desk.becomes(order, "captured")
    assert await desk.told(order) == ["payment.captured"]


async def test_slow_and_flaky_cards_delay_nobody(desk: Any) -> None:
    desk.line.patience.clear()
    desk.start(concurrency=8, provider_seconds=600.0, lease_seconds=900.0)
    slow = [await desk.place("tok_slow") for _ in range(3)]
    flaky = await desk.place("tok_flaky")
    quick = [await desk.place() for _ in range(30)]
    for order in quick:
        await desk.becomes(order, "captured")
    assert {await desk.state(order) for order in slow} == {"pending"}
    desk.line.patience.set()
    for order in [*slow, flaky]:
        await desk.becomes(order, "captured")
    assert (await desk.books())[flaky].calls == 3
    assert await desk.told_in_all() == {"payment.captured": 34}


async def test_an_answer_that_cannot_be_recorded_stops_nobody(desk: Any) -> None:
    orders = [await desk.place() for _ in range(5)]
    odd, *others = orders
    desk.line.garbled = {odd}
    desk.start(lease_seconds=0.3)
    for order in others:
        await desk.becomes(order, "captured")
    assert await desk.state(odd) == "pending"
    desk.line.garbled.clear()
    await desk.becomes(odd, "captured")
    assert (await desk.books())[odd].calls >= 2


async def test_several_cashiers_share_the_work(desk: Any) -> None:
    for _ in range(3):
        desk.start(batch=7)
    orders = await asyncio.gather(*(desk.place() for _ in range(100)))
    for order in orders:
        await desk.becomes(order, "captured")
    assert {row.calls for row in (await desk.books()).values()} == {1}
    assert await desk.told_in_all() == {"payment.captured": 100}


async def test_what_is_under_way_is_recorded_before_the_end(desk: Any) -> None:
    cashier = desk.start()
    order = await desk.place("tok_slow")
    await desk.is_asked(order)
    await cashier.stop()
    assert await desk.state(order) == "captured"


async def test_without_the_key_of_the_provider_orders_wait(desk: Any) -> None:
    known = desk.secrets.values.pop("services/payments")
    desk.start()
    order = await desk.place()
    await desk.is_asked(order, times=2)
    desk.secrets.values["services/payments"] = known
    await desk.becomes(order, "captured")


async def test_a_throttled_cashier_takes_its_time(desk: Any) -> None:
    cashier = desk.cashier(max_per_second=3)
    orders = [await desk.place() for _ in range(10)]
    assert await cashier.round() == 3
    assert sorted([await desk.attempts(order) for order in orders]) == [0] * 7 + [1] * 3


async def test_the_key_of_the_provider_is_not_logged(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk.line.cut = True
    desk.start()
    await desk.is_booked(await desk.place())
    assert "key-of-the-provider" not in caplog.text
