"""What callers send has the types of `chassis.http.inputs`: no service judges it in its own way, or not at all."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

import pytest
from annotated_types import GroupedMetadata
from pydantic import BaseModel, Strict

from chassis.http import Input
from chassis.http.application import application
from chassis.http.strict import dependants_of, routes_of
from chassis.service import Service, load_services

BARE = (str, int, float, bytes, UUID, datetime, date, time)
NAMES = ("accounts", "catalog", "notifications", "orders", "seats")


def is_judged(kind: Any, metadata: tuple[Any, ...]) -> bool:
    """Whether one of the annotations is a piece of `chassis.http.inputs`, or makes a number strict."""
    parts = [part for each in metadata for part in (each if isinstance(each, GroupedMetadata) else (each,))]
    modules = {getattr(getattr(part, "func", type(part)), "__module__", "") for part in parts}
    return "chassis.http.inputs" in modules or (kind is int and any(isinstance(part, Strict) for part in parts))


def unjudged(kind: Any, metadata: tuple[Any, ...], at: str) -> Iterator[str]:
    """Where in a type a bare one stands, or a model that takes members that it does not know."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        yield from unjudged(inner, (*metadata, *more), at)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if not issubclass(kind, Input):
            yield f"{at}: {kind.__name__} is no Input"
        for name, field in kind.model_fields.items():
            yield from unjudged(field.annotation, tuple(field.metadata), f"{at}.{name}")
    elif kind in BARE:
        if not is_judged(kind, metadata):
            yield f"{at}: {kind.__name__}"
    else:
        for argument in get_args(kind):
            if argument is not type(None):
                yield from unjudged(argument, (), at)


def findings(service: Service) -> Iterator[str]:
    for route in routes_of(application(service)):
        fields = [
            (f"{route.path} {place}", field)
            for each in dependants_of(route)
            for place in ("path_params", "query_params", "header_params", "cookie_params")
            for field in getattr(each, place)
        ]
        if route.body_field is not None:
            fields.append((f"{route.path} body", route.body_field))
        for at, field in fields:
            yield from unjudged(field.field_info.annotation, tuple(field.field_info.metadata), f"{at} {field.name}")


@pytest.mark.parametrize("name", NAMES)
def test_what_callers_send_is_judged_by_the_chassis(name: str) -> None:
    [service] = load_services([name])
    assert list(routes_of(application(service)))
    assert list(findings(service)) == []


class Loose(BaseModel):
    name: str


class Bare(Input):
    name: str
    names: list[str]
    when: datetime | None
    by_id: dict[UUID, int]
    inner: list[Loose]


def test_what_is_bare_is_found() -> None:
    found = list(unjudged(Bare, (), "Bare"))
    assert found == [
        "Bare.name: str",
        "Bare.names: str",
        "Bare.when: datetime",
        "Bare.by_id: UUID",
        "Bare.by_id: int",
        "Bare.inner: Loose is no Input",
        "Bare.inner.name: str",
    ]
