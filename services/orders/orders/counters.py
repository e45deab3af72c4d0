"""What orders counts beyond what every service counts."""

from prometheus_client import Counter

PLACED = Counter("orders_placed_total", "Orders that were taken")
CONFIRMED = Counter("orders_confirmed_total", "Orders that were confirmed")
CHANGED = Counter("orders_changed_total", "Orders that came into a status after they were placed", ["status"])
