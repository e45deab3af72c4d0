"""What seats counts beyond what every service counts."""

from prometheus_client import Counter

HOLDS = Counter("seats_holds_total", "Holds that were given")
SOLD = Counter("seats_sold_total", "Seats that were sold")
