"""Lines of a run: written, and read again, also while they are being written."""

import stat
from pathlib import Path

from loadtests.cast import Cast, Person
from loadtests.record import Journal, Order, Request, one_line, read_orders, read_requests, values_of

REQUEST = Request(1700000000.25, 12.5, "GET", "/api/shows", 200, "app-1", "catalog", "", "ab" * 16)
LOST = Request(1700000001.0, 3.0, "POST", "/api/orders", 0, "", "", 'Reset: "peer", 104', "cd" * 16)
ORDER = Order(1700000002.0, "id-1", "", 0.0, "performance", "ef" * 16)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "requests.csv", Request)
    for request in (REQUEST, LOST):
        journal.write(values_of(request))
    journal.flush()
    assert read_requests(tmp_path) == [REQUEST, LOST]


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "requests.csv", Request)
    journal.write(values_of(REQUEST))
    journal.close()
    with (tmp_path / "requests.csv").open("a") as file:
        file.write("1700000001.0,3.0,PO")
    assert read_requests(tmp_path) == [REQUEST]


def test_nothing_was_written_yet(tmp_path: Path) -> None:
    assert read_requests(tmp_path) == []
    assert read_orders(tmp_path) == []


def test_of_an_order_the_last_line_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "orders.csv", Order)
    other = Order(1700000003.0, "id-2", "", 0.0, "performance", "00" * 16)
    over = Order(1700000002.0, "id-1", "confirmed", 0.75, "performance", "ef" * 16)
    for order in (ORDER, other, over):
        journal.write(values_of(order))
    journal.flush()
    assert read_orders(tmp_path) == [over, other]
    assert [order.is_over for order in read_orders(tmp_path)] == [True, False]


def test_an_error_stays_on_its_line() -> None:
    assert one_line("Connection\n  reset\tby peer") == "Connection reset by peer"
    assert len(one_line("x" * 1000)) == 300


def test_a_cast_is_for_its_owner_and_is_shared_out(tmp_path: Path) -> None:
    people = [Person(f"{number}@example.test", "password", "cookie") for number in range(5)]
    cast = Cast(
        url="https://localhost", ca="", shape="steady", users=5, seconds=None, performances=["one"], people=people
    )
    cast.save(tmp_path / "cast.json")
    assert stat.S_IMODE((tmp_path / "cast.json").stat().st_mode) == 0o600
    assert Cast.load(tmp_path / "cast.json") == cast
    assert "password" not in repr(people[0]).partition("@")[2]
    shares = [cast.share(number, of=2).people for number in range(2)]
    assert sorted(person.email for share in shares for person in share) == [person.email for person in people]
