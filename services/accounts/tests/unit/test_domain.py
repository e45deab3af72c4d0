"""One spelling of an address, one home for a country."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from accounts.domain import normalise_email, open_account
from accounts.jurisdictions import JURISDICTIONS, home_jurisdiction
from chassis.iso import COUNTRIES


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com\n", "ann@example.com"),
        ("demo@boxoffice.test", "demo@boxoffice.test"),
        ("ann+shows@example.com", "ann+shows@example.com"),
        ("ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("ANN@BÜCHER.example", "ann@bücher.example"),
        ("a\u030angstro\u0308m@example.com", "ångström@example.com"),
    ],
)
def test_an_address_has_one_spelling(written: str, normal: str) -> None:
    assert normalise_email(written) == normal
    assert normalise_email(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@[127.0.0.1]",
        "a\x00nn@example.com",
        "ann@exa\x00mple.com",
        "a b@example.com",
        "ann@example.com, bob@example.com",
        "ann@example.com\r\nbcc: bob@example.com",
        "ann@" + "x." * 130 + "example",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalise_email(text)


@pytest.mark.parametrize(
    ("country", "jurisdiction"),
    [("DE", "eu"), ("NO", "eu"), ("RE", "eu"), ("GB", "uk"), ("US", "us"), ("PR", "us"), ("CH", "row"), ("JP", "row")],
)
def test_a_country_has_a_home_jurisdiction(country: str, jurisdiction: str) -> None:
    assert home_jurisdiction(country) == jurisdiction


def test_every_country_has_one_and_every_jurisdiction_has_countries() -> None:
    assert len(COUNTRIES) == 249
    assert {home_jurisdiction(country) for country in COUNTRIES} == set(JURISDICTIONS)


@pytest.mark.parametrize("country", ["", "XX", "de", "DEU", "UK", "EU"])
def test_what_is_no_country_is_refused(country: str) -> None:
    with pytest.raises(ValueError, match="ISO 3166"):
        home_jurisdiction(country)


def test_an_account_opens_at_home_without_any_role() -> None:
    account = open_account(
        id=uuid4(), email="Ann@Example.com", name="Ann", country="FR", password_hash="hash", now=datetime.now(UTC)
    )
    assert (account.email, account.jurisdiction, account.roles) == ("ann@example.com", "eu", ())
