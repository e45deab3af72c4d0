"""Which law looks after a customer: the home jurisdiction of each country (ISO 3166-1 alpha-2)."""

from chassis.iso import COUNTRIES

EU = "eu"
UK = "uk"
US = "us"
REST_OF_WORLD = "row"
JURISDICTIONS = (EU, UK, US, REST_OF_WORLD)


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Where the GDPR holds: the member states, their territories inside the Union, and the rest of the EEA.
_EUROPE = _codes(
    """
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK AX GF GP MF MQ RE YT IS LI NO
    """
)
_AMERICA = _codes("US AS GU MP PR UM VI")


def home_jurisdiction(country: str) -> str:
    """The jurisdiction in which the rows of a customer from `country` live. Raises ValueError for no country."""
    if country not in COUNTRIES:
        raise ValueError("not an ISO 3166-1 alpha-2 country code")
    if country in _EUROPE:
        return EU
    if country in _AMERICA:
        return US
    return UK if country == "GB" else REST_OF_WORLD
