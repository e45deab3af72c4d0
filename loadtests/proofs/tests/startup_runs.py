"""Each judge is handed a record of a good run, and records of runs in which one thing went wrong."""

from dataclasses import replace
from typing import Any

from engines.copying import Content
from loadtests.proofs.claims import add, database, faults, grow, kill, rolling, site, tls
from loadtests.proofs.handshakes import SPOKEN, Handshakes
from loadtests.proofs.record import Record
from loadtests.proofs.tests.records import (
    BEGAN,
    LEDGER,
    LOST_ONE,
    Change,
    only,
    record,
    request,
    traffic,
    with_facts,
    with_requests,
)
from support.ledger import LOST, Ledger

TWO, THREE = ("app-1", "app-2"), ("app-1", "app-2", "app-3")
TABLES = {f"orders.table{number}": Content(100, number) for number in range(25)}
POST = {"method": "POST", "name": "/api/orders", "service": "orders"}

GOOD: dict[Any, Record[Any]] = {
    add: record(
        {"load: 24 users": 0, "asked for one more instance": 6, "app-3 is ready": 14},
        [*traffic(0, 14, *TWO), *traffic(14, 28, *THREE)],
        add.Facts("app-3", 3),
    ),
    grow: record(
        {"round 1": 0},
        [
            *traffic(0, 7, "app-1", rate=50),
            *traffic(10, 17, *TWO, rate=90),
            *traffic(20, 27, *THREE, "app-4", rate=170),
        ],
        grow.Facts(
            [
                [
                    grow.Window(count, BEGAN + at, BEGAN + at + 7, used=count * grow.SHARE * 7 * 0.95)
                    for count, at in ((1, 0), (2, 10), (4, 20))
                ]
            ]
        ),
    ),
    kill: record(
        {"signal 9 to app-1": 10, "app-1 is gone": 10.02, "app-1 is back": 20},
        [
            *traffic(0, 10, *TWO),
            *traffic(10, 20, "app-2"),
            *traffic(20, 30, *TWO),
            request(9.99, "", status=502, ms=40, **POST),
        ],
        kill.Facts("app-1", kill.PEOPLE, ["confirmed"] * kill.PEOPLE),
    ),
    rolling: record(
        {
            "load:": 0,
            "rolling restart begins": 4,
            "rolling restart is done": 14,
            "upgrade begins": 15,
            "upgrade is done": 30,
        },
        traffic(0, 34, *TWO),
        rolling.Facts(*({"app-1": f"{number}1", "app-2": f"{number}2"} for number in (1, 2, 3))),
    ),
    faults: record(
        {"load:": 0, "the load has ended": 30},
        [*traffic(0, 30, *TWO), request(12, "", status=503)],
        faults.Facts([faults.Fault(role, came_back=True, recovered=20) for role in faults.ROLES], LEDGER),
    ),
    tls: record(
        {},
        [],
        tls.Facts(
            plain=[tls.Plain("GET", "http://localhost:8080/x", 308, "https://localhost:8443/x", "", "")],
            handshakes=Handshakes(
                {"TLS 1.0": "refused", "TLS 1.1": "refused", "TLS 1.2": SPOKEN, "TLS 1.3": SPOKEN},
                ["TLS 1.0", "TLS 1.1"],
                False,
            ),
            hsts=[("/", "max-age=31536000; includeSubDomains")],
            inside=[("/metrics", 404, "404 Not Found"), ("/x", 200, "<!doctype html>")],
            cookie="__Host-session=…; HttpOnly; Path=/; SameSite=lax; Secure",
            open_ports=[],
        ),
    ),
    site: record(
        {"no instance is left": 5, "asked them to start": 12},
        [
            *(request(number / 10, "", name=site.SITE) for number in range(200)),
            *(request(5 + number, "", name=site.API, status=503) for number in range(5)),
        ],
        site.Facts(files=40, bytes=100_000, dangling=[], wrong_at_edge=[], wrong_at_file_server=[]),
    ),
    database: record(
        {"$ boxoffice stop": 5, "the tier is on the other database": 20},
        [request(at, name=database.API) for at in (1, 2, 3, 21, 22)],
        database.Facts(TABLES, TABLES, database.Afterwards(True, "confirmed", 2, "confirmed", 12), True, LEDGER),
    ),
}


def afterwards(**members: Any) -> Change:
    return lambda good: with_facts(afterwards=replace(good.facts.afterwards, **members))(good)


def hands(**members: Any) -> Change:
    return lambda good: with_facts(handshakes=replace(good.facts.handshakes, **members))(good)


PLAIN = "plain HTTP only redirects pages and refuses the API"


def plainly(**members: Any) -> Change:
    return lambda good: with_facts(plain=[replace(good.facts.plain[0], **members)])(good)


BROKEN: list[tuple[Any, str, Change, set[str]]] = [
    (add, "a request fails", with_requests(request(8, "", status=0)), {"failed requests"}),
    (add, "somebody is signed out", with_requests(request(8, status=401)), {"people signed out"}),
    (
        add,
        "it gets no work",
        only(lambda each: each.instance != "app-3"),
        {"from ready to its share", "share of app-3 afterwards"},
    ),
    (
        add,
        "it gets work too late",
        only(lambda each: each.instance != "app-3" or each.at > BEGAN + 20),
        {"from ready to its share"},
    ),
    (add, "there is hardly any load", only(lambda each: each.at > BEGAN + 25), {"requests", "from ready to its share"}),
    (
        grow,
        "four do no more than two",
        only(lambda each: each.at < BEGAN + 20 or each.instance in TWO),
        {"4 instances, as a share of linear"},
    ),
    (
        grow,
        "they were not busy",
        with_facts(rounds=[[replace(each, used=0.1) for each in GOOD[grow].facts.rounds[0]]]),
        {"CPU time used, of what was allowed"},
    ),
    (grow, "a request fails", with_requests(request(8, "", status=503)), {"failed requests"}),
    (
        kill,
        "a safe request fails",
        with_requests(request(9.995, "", status=502)),
        {"failed requests of safe methods"},
    ),
    (
        kill,
        "a request fails that began later",
        with_requests(request(10.5, "", status=502, **POST)),
        {"failed requests that were not in flight on it"},
    ),
    (kill, "a session is gone", with_facts(still_signed_in=7), {"sessions that go on"}),
    (kill, "a cart is gone", with_facts(carts=["confirmed"] * 7 + [""]), {"carts that became confirmed orders"}),
    (
        kill,
        "it did no work anyway",
        only(lambda each: each.instance != "app-1"),
        {"share of app-1 before", "its share once it is back"},
    ),
    (rolling, "a request fails", with_requests(request(8, "", status=502)), {"failed requests"}),
    (
        rolling,
        "an instance was not restarted",
        with_facts(restarted={"app-1": "21", "app-2": "12"}),
        {"instances that the restart made new"},
    ),
    (
        rolling,
        "the upgrade changed nothing",
        with_facts(upgraded=GOOD[rolling].facts.restarted),
        {"instances that the upgrade made new"},
    ),
    (faults, "an order is lost", with_facts(ledger=LOST_ONE), {f"breaches of: {LOST}"}),
    (
        faults,
        "the broker stays away",
        with_facts(faults=[replace(each, came_back=each.name != "broker") for each in GOOD[faults].facts.faults]),
        {"parts that came back"},
    ),
    (
        faults,
        "after one fault nobody can buy",
        with_facts(
            faults=[replace(each, recovered=20 * (each.name != "valkey")) for each in GOOD[faults].facts.faults]
        ),
        {"faults after which orders flowed"},
    ),
    (faults, "sessions are gone", with_requests(request(15, status=401)), {"people signed out"}),
    (faults, "nobody bought", with_facts(ledger=Ledger(set(), [])), {"orders that got their 202"}),
    (tls, "plain HTTP is served", plainly(status=200, location="", body="{}"), {PLAIN}),
    (tls, "it redirects elsewhere", plainly(location="https://evil.example/x"), {PLAIN}),
    (tls, "a cookie comes in plain HTTP", plainly(cookie="session=1"), {PLAIN}),
    (
        tls,
        "TLS 1.0 is spoken",
        hands(answers={**GOOD[tls].facts.handshakes.answers, "TLS 1.0": SPOKEN}),
        {"versions below TLS 1.2 that are refused"},
    ),
    (
        tls,
        "the probe is deaf",
        hands(old_spoken=[]),
        {"versions below TLS 1.2 that are refused", "old versions that the probe cannot speak"},
    ),
    (tls, "anybody's certificate will do", hands(trusted_without_ca=True), {"trust without the CA"}),
    (tls, "a page has no HSTS", with_facts(hsts=[("/", "")]), {"answers without HSTS"}),
    (tls, "HSTS is over at once", with_facts(hsts=[("/", "max-age=0")]), {"answers without HSTS"}),
    (tls, "metrics are public", with_facts(inside=[("/metrics", 200, "# HELP")]), {"inside paths reached"}),
    (
        tls,
        "the cookie goes over plain HTTP",
        with_facts(cookie="__Host-session=…; HttpOnly; Path=/; SameSite=lax"),
        {"lacking from the session's cookie"},
    ),
    (tls, "Postgres is open to all", with_facts(open_ports=["postgres"]), {"other ports that can be reached"}),
    (
        site,
        "the site fails meanwhile",
        with_requests(request(8, "", name="/", status=503)),
        {"failed requests for the site"},
    ),
    (
        site,
        "a file is missing",
        with_facts(wrong_at_edge=["/x: 404"]),
        {"files that the edge did not serve as they are"},
    ),
    (
        site,
        "the app was not away",
        with_requests(request(8, name=site.API)),
        {"answers of the API meanwhile, which must be away"},
    ),
    (
        database,
        "a row is missing",
        with_facts(copied={**TABLES, "orders.table3": Content(99, 17)}),
        {"tables that are the same, row by row"},
    ),
    (
        database,
        "a table is missing",
        with_facts(copied={name: each for name, each in TABLES.items() if name != "orders.table3"}),
        {"tables that are the same, row by row"},
    ),
    (database, "the session is gone", afterwards(signed_in=False), {"sessions that go on"}),
    (database, "tickets are gone", afterwards(old_tickets=1), {"old tickets that are there"}),
    (database, "nobody can buy", afterwards(new_order=""), {"a new order, if it is not confirmed"}),
    (database, "it still works on the old one", afterwards(clients=0), {"connections of the app to the other server"}),
    (database, "an order is lost", with_facts(ledger=LOST_ONE), {f"breaches afterwards of: {LOST}"}),
]
