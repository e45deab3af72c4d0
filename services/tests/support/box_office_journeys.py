"""What people do while the services hear of each other: each journey is a name for several things at the same time."""

from collections.abc import Awaitable, Callable

from support.box_office import Run
from support.delivery import Command

Journey = Callable[[Run], Awaitable[list[list[Command]]]]
"""Answers what each person does, in order."""


async def a_cancelled_performance(run: Run) -> list[list[Command]]:
    ada = await run.buyer("ada")
    return [[ada.hold("A1"), ada.order()], [run.cancel_performance()]]


async def two_orders_and_a_cancelled_performance(run: Run) -> list[list[Command]]:
    ada, bob = await run.buyer("ada"), await run.buyer("bob")
    return [[ada.hold("A1"), ada.order()], [bob.hold("A2"), bob.order()], [run.cancel_performance()]]


async def a_customer_takes_an_order_back(run: Run) -> list[list[Command]]:
    ada = await run.buyer("ada")
    return [[ada.hold("A1"), ada.order(), ada.cancel()]]


async def a_declined_payment(run: Run) -> list[list[Command]]:
    ada = await run.buyer("ada")
    return [[ada.hold("A1", "A2"), ada.order("tok_declined"), ada.cancel()], [run.cancel_performance()]]


async def seats_lost_to_another(run: Run) -> list[list[Command]]:
    ada, bob = await run.buyer("ada"), await run.buyer("bob")
    return [[ada.hold("A1"), ada.order()], [ada.hold_runs_out()], [bob.hold("A1"), bob.order()]]


async def a_hold_let_go(run: Run) -> list[list[Command]]:
    ada, bob = await run.buyer("ada"), await run.buyer("bob")
    return [[ada.hold("A1", "A2"), ada.order()], [ada.let_go()], [bob.hold("A1"), bob.order(), bob.cancel()]]


async def an_erased_customer(run: Run) -> list[list[Command]]:
    ada = await run.buyer("ada")
    return [[ada.hold("A1"), ada.order()], [ada.is_erased()], [run.cancel_performance()]]


async def sold_out_and_back(run: Run) -> list[list[Command]]:
    ada, bob = await run.buyer("ada"), await run.buyer("bob")
    return [[ada.hold("A1", "A2"), ada.order(), ada.cancel()], [bob.hold("A3"), bob.order()]]


async def everything(run: Run) -> list[list[Command]]:
    ada, bob, cyd = await run.buyer("ada"), await run.buyer("bob"), await run.buyer("cyd")
    return [
        [ada.hold("A1"), ada.order(), ada.cancel()],
        [ada.hold_runs_out()],
        [ada.is_erased()],
        [bob.hold("A1", "A2"), bob.order()],
        [bob.let_go()],
        [cyd.hold("A3"), cyd.order("tok_declined")],
        [run.cancel_performance()],
    ]


SMALL: list[Journey] = [a_cancelled_performance, a_customer_takes_an_order_back, seats_lost_to_another]
JOURNEYS: list[Journey] = [
    *SMALL,
    two_orders_and_a_cancelled_performance,
    a_declined_payment,
    a_hold_let_go,
    an_erased_customer,
    sold_out_and_back,
    everything,
]
