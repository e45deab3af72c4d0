"""The real servers of a test run. The repository's `conftest.py` knows how they are started."""

import json
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of the real servers of a test run; `postgres` and `vault_token` let in as the one who may do all."""

    postgres: str
    redis: str
    vault: str
    vault_token: str = field(repr=False)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Servers":
        return cls(**json.loads(text))

    @property
    def postgres_address(self) -> str:
        """The URL without credentials."""
        parts = urlsplit(self.postgres)
        return f"postgresql://{parts.hostname}:{parts.port}"
