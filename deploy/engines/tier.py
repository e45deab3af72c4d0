"""A tier as data: `deploy/<tier>/tier.env`. Every tier has the same keys in the same order; the values differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from chassis.configuration import check
from chassis.settings import Settings

DEPLOY = Path(__file__).parents[1]

ALL = "all"
EACH = "each"
UNIT = "app"
"""The name of the process that runs every service."""


ROLES = ("all", "api", "worker")
OF_ENGINES = ("SERVICES", "INSTANCES", "MAX_INSTANCES", "REGIONS")
"""Keys of a tier that are for the engine, and not for the processes."""


class BadTier(RuntimeError):
    """There is no such tier, or its file makes no sense."""


@dataclass(frozen=True, slots=True)
class Group:
    """Equal processes: which services each of them runs (`all` or a name), and which half: `all`, `api`, `worker`."""

    name: str
    services: str
    role: str = "all"

    @property
    def members(self) -> list[str]:
        """The services by name."""
        return service_names() if self.services == ALL else [self.services]

    @property
    def answers(self) -> bool:
        """Whether other processes may send it requests."""
        return self.role != "worker"


@dataclass(frozen=True, slots=True)
class Tier:
    """`name` is for people: what a tier is made of is in `values`."""

    name: str
    values: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        try:
            return self.values[key]
        except KeyError as error:
            raise BadTier(f"deploy/{self.name}/tier.env has no {key}") from error

    def groups(self) -> dict[str, Group]:
        """The kinds of processes by name. Raises BadTier.

        `SERVICES` is `all`, `each`, or a list of services where `orders:api` and `orders:worker` share one's work.
        """
        if self["SERVICES"] == ALL:
            return {UNIT: Group(UNIT, ALL)}
        listed = service_names() if self["SERVICES"] == EACH else self["SERVICES"].split(",")
        groups = [_group(entry.strip()) for entry in listed]
        return {group.name: group for group in groups}

    def with_environment(self, environment: Mapping[str, str]) -> "Tier":
        """This tier, where the caller's environment takes precedence."""
        return Tier(self.name, {key: environment.get(key) or value for key, value in self.values.items()})

    def instances(self, group: str) -> int:
        """How many equal instances of a group there are at first: `2`, or `1,orders=3` where they differ."""
        default = 1
        for part in self["INSTANCES"].split(","):
            name, _, count = part.strip().rpartition("=")
            if name == group:
                return int(count)
            if not name:
                default = int(count)
        return default


def load_tier(name: str) -> Tier:
    """Read `deploy/<name>/tier.env`. Raises BadTier with the names that there are."""
    path = DEPLOY / name / "tier.env"
    if not path.is_file():
        raise BadTier(f"there is no tier {name!r}: choose one of {', '.join(tier_names())}")
    return Tier(name, parse_env(path.read_text()))


def check_settings(values: Mapping[str, str]) -> None:
    """See whether the app can work with these values of a tier, and settings of services.

    Raises BadTier, and BadSettings (a ValueError) as its processes would when they start.
    """
    if "," in values.get("REGIONS", ""):
        raise BadTier(f"REGIONS={values['REGIONS']}: several regions are not built yet; possible: one")
    check(Settings, {name: value for name, value in values.items() if name not in OF_ENGINES})
    if owners := {name.partition("_")[0].lower() for name in values} & set(service_names()):
        from chassis.service.service import load_services  # only where something is set: to load them takes a second

        for service in load_services(owners):
            check(service.settings, values)


def tier_names() -> list[str]:
    """The tiers that there are."""
    return sorted(path.parent.name for path in DEPLOY.glob("*/tier.env"))


def parse_env(text: str) -> dict[str, str]:
    """`KEY=value` lines; empty lines and those that begin with # say nothing. Raises ValueError with the line."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, separator, value = line.partition("=")
        if not separator or not key.strip().isidentifier() or key.strip() in values:
            raise ValueError(f"line {number} is not KEY=value, or says {key.strip()} again: {line!r}")
        values[key.strip()] = value.strip()
    return values


def _group(entry: str) -> Group:
    service, colon, role = entry.partition(":")
    if service not in service_names():
        raise BadTier(f"SERVICES has {entry!r}, and there is no service {service!r}: {', '.join(service_names())}")
    if colon and role not in ROLES:
        raise BadTier(f"SERVICES has {entry!r}, and {role!r} is none of {', '.join(ROLES)}")
    return Group(f"{service}-{role}" if colon else service, service, role or "all")


def service_names() -> list[str]:
    """The installed services."""
    return sorted(entry.name for entry in entry_points(group="boxoffice.services"))
