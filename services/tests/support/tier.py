"""The tier that journeys run on, as its users know it: an address, a CA to trust, logins."""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path


@dataclass(frozen=True)
class Tier:
    """What is None is out of reach of the tests; those that look there are skipped."""

    url: str
    plain_url: str
    ca: Path | None
    demo_password: str = field(repr=False)
    organiser_password: str = field(repr=False)
    postgres: Callable[[], str] | None
    """The superuser's URL as it is at the moment, without a database."""
    mails: Callable[[], list[bytes]] | None
    """The source of every mail that was sent."""

    demo: str = "demo@boxoffice.test"
    organiser: str = "organiser@boxoffice.test"

    @cached_property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)


def given_tier(environment: Mapping[str, str] = os.environ) -> Tier | None:
    """The tier that `BOXOFFICE_URL` names, with what the variables beside it say; None when there is no such."""
    url = environment.get("BOXOFFICE_URL", "").rstrip("/")
    if not url:
        return None
    ca, mail = environment.get("BOXOFFICE_CA"), environment.get("BOXOFFICE_MAIL")
    postgres = environment.get("BOXOFFICE_POSTGRES")
    return Tier(
        url=url,
        plain_url=environment.get("BOXOFFICE_PLAIN_URL", ""),
        ca=Path(ca) if ca else None,
        demo_password=environment.get("BOXOFFICE_DEMO_PASSWORD", ""),
        organiser_password=environment.get("BOXOFFICE_ORGANISER_PASSWORD", ""),
        postgres=(lambda: postgres) if postgres else None,
        mails=partial(_read_mails, Path(mail)) if mail else None,
    )


def _read_mails(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.eml"))]
