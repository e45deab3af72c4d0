"""The document of all services names every problem that they know."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import chassis
from chassis.errors import MethodNotAllowed, Problem
from chassis.http.openapi import document
from chassis.service import Service, load_services

OF_NO_OPERATION = {MethodNotAllowed.slug, Problem.slug}
"""Answered where a path has no such method; and a bug, which no document promises."""


@pytest.fixture(scope="module")
def services() -> list[Service]:
    return load_services(["all"])


@pytest.fixture(scope="module")
def described(services: list[Service]) -> dict[str, Any]:
    return document(services)


def problems(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield kind
    for each in kind.__subclasses__():
        yield from problems(each)


def test_every_problem_is_one_that_an_operation_may_answer(described: dict[str, Any], services: list[Service]) -> None:
    for package in ("chassis", *(each.name for each in services)):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    known = {each.slug for each in problems() if each.__module__.partition(".")[0] in _packages(services)}
    named = {
        schema["allOf"][1]["properties"]["type"]["const"].rpartition("/")[2]
        for schema in described["components"]["schemas"].values()
        if "allOf" in schema
    }
    assert known - named == OF_NO_OPERATION


def test_ids_of_operations_are_one_each(described: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in described["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            for each in part.values():
                yield from references(each)
        elif isinstance(part, list):
            for each in part:
                yield from references(each)

    for reference in set(references(described)):
        _, _, kind, name = reference.split("/")
        assert name in described["components"][kind]


def _packages(services: list[Service]) -> set[str]:
    return {chassis.__name__, *(each.name for each in services)}
