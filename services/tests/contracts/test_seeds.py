"""What one service seeds names what another one does."""

from uuid import uuid5

from accounts.seed import NAMESPACE
from catalog.seed import ORGANISER_ID


def test_the_seeded_programme_belongs_to_the_seeded_organiser() -> None:
    assert uuid5(NAMESPACE, "organiser@boxoffice.test") == ORGANISER_ID
