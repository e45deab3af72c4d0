"""What a fresh stack starts with: three venues, twelve invented shows, five performances of each."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5
from zoneinfo import ZoneInfo

from catalog import repository
from catalog.domain import Money, Row, Zone, price_zones
from catalog.handlers import scheduled
from catalog.schemas import PerformanceView
from catalog.settings import Runtime
from catalog.tables import performances, shows, venues
from chassis.messaging import now, outbox

ORGANISER_ID = UUID("1c868eaf-7a72-5ed4-8c71-55502daf1270")
"""The organiser of a fresh stack, as accounts seeds it: all of this is theirs."""
NAMESPACE = uuid5(NAMESPACE_DNS, "catalog.boxoffice.test")
PERFORMANCES_OF_A_SHOW = 5
FIRST_DAY, LAST_DAY = 2, 90


def _zone(name: str, prefix: str, rows: str, seats: int) -> Zone:
    return Zone(name=name, rows=[Row(name=prefix + row, seats=seats) for row in rows])


def _venue(name: str, city: str, country: str, timezone: str, zones: list[Zone]) -> dict[str, Any]:
    place = {"name": name, "city": city, "country": country, "timezone": timezone}
    return {
        "id": uuid5(NAMESPACE, name),
        "owner_id": ORGANISER_ID,
        **place,
        "zones": [zone.model_dump() for zone in zones],
    }


PUB = _venue("The Lantern Room", "Galway", "IE", "Europe/Dublin", [_zone("House", "", "ABCDE", 8)])
THEATRE = _venue(
    "Teatro Miramar",
    "Lisbon",
    "PT",
    "Europe/Lisbon",
    [_zone("Stalls", "", "ABCDEFGHIJKL", 20), _zone("Balcony", "B", "ABCDEFGH", 20)],
)
ARENA = _venue(
    "Lakeshore Arena",
    "Chicago",
    "US",
    "America/Chicago",
    [
        _zone("Floor", "F", "ABCDEFGHIJKLMNOPQRST", 40),
        _zone("Lower Bowl", "L", "ABCDEFGHIJKLMNOPQRST", 30),
        _zone("Upper Bowl", "U", "ABCDEFGHIJKLMNOPQRST", 30),
    ],
)
PRICES = {
    PUB["id"]: ("EUR", [12_00]),
    THEATRE["id"]: ("EUR", [48_00, 29_50]),
    ARENA["id"]: ("USD", [125_00, 89_00, 55_00]),
}
"""Currency and the price of each zone in minor units."""
TOUR = [PUB, THEATRE, ARENA]

SHOWS = [
    ("Moth Hour", "Open mic", "Ten strangers, five minutes each, one lamp. Nobody knows what comes next."),
    ("The Glass Harbour", "Musical", "A lighthouse keeper sings ships home, until one of them sings back."),
    ("Static Bloom", "Electronic", "Modular synthesisers grown from field recordings of a greenhouse."),
    ("Second Cup of Sugar", "Comedy", "Ines Pardal on neighbours, borrowed ladders and what a wall knows."),
    ("Owls of Winter Street", "Folk", "Two fiddles, a harmonium and songs found in the attic of a post office."),
    ("The Cartographer's Daughter", "Theatre", "She draws the one street that her father left off every map."),
    ("Low Tide Orchestra", "Classical", "Sixty musicians and a programme that follows the sea for a day."),
    ("Brass Against the Rain", "Jazz", "Eleven horns and a drummer with an umbrella. Loud, then louder."),
    ("Paper Planets", "Family", "A folded solar system comes to life, for everyone who still asks why."),
    ("Nine Ways to Disappear", "Magic", "Lio Sant vanishes eight times. Nobody has worked out the ninth."),
    ("Copper Canyon Revival", "Country", "Pedal steel, three-part harmony and a long road. First tour in six years."),
    ("Gravity Is Optional", "Circus", "Aerialists, a trampoline and a piano that will not stay on the ground."),
]


async def seed(runtime: Runtime) -> None:
    """Put in what is not there yet. Dates count from this moment; a performance that is there keeps its own."""
    rows = {row["id"]: row for row in _performances(now())}
    show_rows = [
        {
            "id": uuid5(NAMESPACE, title),
            "owner_id": ORGANISER_ID,
            "title": title,
            "genre": genre,
            "description": description,
        }
        for title, genre, description in SHOWS
    ]
    async with runtime.database.transaction() as tx:
        await repository.add(tx, venues, TOUR)
        await repository.add(tx, shows, show_rows)
        new = await repository.add(tx, performances, list(rows.values()))
        views = await repository.performances_by_id(tx, new)
        plans = {venue["id"]: [Zone.model_validate(zone) for zone in venue["zones"]] for venue in TOUR}
        views_of = (PerformanceView.model_validate(views[key]) for key in rows if key in new)
        await outbox.append(tx, *(scheduled(view, price_zones(plans[view.venue_id], view.prices)) for view in views_of))


def _performances(today: datetime) -> Iterator[dict[str, Any]]:
    """Spread evenly over the time ahead, the shows taking turns; every fourth tours, the others stay at a venue."""
    count = len(SHOWS) * PERFORMANCES_OF_A_SHOW
    for number in range(count):
        turn, index = divmod(number, len(SHOWS))
        venue = TOUR[(index + (turn if index % 4 == 3 else 0)) % len(TOUR)]
        day = FIRST_DAY + number * (LAST_DAY - FIRST_DAY) // (count - 1)
        yield {
            "id": uuid5(NAMESPACE, f"{SHOWS[index][0]} {turn}"),
            "show_id": uuid5(NAMESPACE, SHOWS[index][0]),
            "venue_id": venue["id"],
            "starts_at": _evening(today + timedelta(days=day), venue["timezone"]),
            "prices": _prices(venue),
        }


def _evening(moment: datetime, timezone: str) -> datetime:
    """Half past seven, by the clock of the venue."""
    local = moment.astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date(), time(19, 30), local.tzinfo).astimezone(UTC)


def _prices(venue: dict[str, Any]) -> dict[str, Any]:
    currency, amounts = PRICES[venue["id"]]
    names: list[str] = [zone["name"] for zone in venue["zones"]]
    return {
        name: Money(amount=amount, currency=currency).model_dump() for name, amount in zip(names, amounts, strict=True)
    }
