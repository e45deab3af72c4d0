"""Reads settings, and says in one line which of them are wrong and what is possible."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from chassis.settings import BUILT

SettingsType = TypeVar("SettingsType", bound=BaseSettings)


class BadSettings(ValueError):
    """A process cannot work with these settings. The message is one line for the operator, without their values where
    they may hold a secret.
    """


def read(kind: type[SettingsType]) -> SettingsType:
    """The settings of this kind from the environment. Raises BadSettings."""
    try:
        return kind()
    except ValidationError as error:
        raise _explained(kind, error) from None


def check(kind: type[BaseSettings], environment: Mapping[str, str]) -> None:
    """See whether a process that is given `environment`, and nothing of ours, can work with it. Raises BadSettings."""
    given: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        alias = str(field.validation_alias or name)
        if value := environment.get(_variable(kind, name)):
            given[alias] = value
    try:
        _only_given(kind)(**given)
    except ValidationError as error:
        raise _explained(kind, error) from None


def _only_given(kind: type[BaseSettings]) -> type[BaseSettings]:
    """The same settings, for which the environment of this process does not count."""

    class Given(kind):  # type: ignore[misc, valid-type]
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            **_: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings,)

    return Given


def _variable(kind: type[BaseSettings], name: str) -> str:
    """The variable of the environment that a field is read from."""
    field = kind.model_fields.get(name)
    alias = str(field.validation_alias) if field and field.validation_alias else ""
    return alias or f"{kind.model_config.get('env_prefix', '')}{name}".upper()


def _explained(kind: type[BaseSettings], error: ValidationError) -> BadSettings:
    return BadSettings("; ".join(_line(kind, each) for each in error.errors(include_url=False)))


def _line(kind: type[BaseSettings], error: ErrorDetails) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    value = error["input"]
    shown = f"={value}" if isinstance(value, str | int | float | Enum) and _is_plain(str(value)) else ""
    why = error["msg"].removeprefix("Value error, ")
    if name in BUILT and error["type"] == "enum":
        why = f"possible: {', '.join(BUILT[name])}"
    return f"{_variable(kind, name)}{shown}: {why[:1].lower()}{why[1:]}"


def _is_plain(text: str) -> bool:
    """Whether it is short, and no address: those may hold a password."""
    return len(text) <= 40 and text.isprintable() and "/" not in text and "@" not in text
