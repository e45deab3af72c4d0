"""What an event may say: ids, times, amounts, words of a fixed list, and text that is meant for everybody.

The check reads the JSON schema of what goes over the wire, so it sees nested models, containers, computed members and
serializers alike. It is a list of what is allowed: whatever is not on it is refused, a plain `str` too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class Mark:
    """A keyword in the JSON schema of a type."""

    keyword: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), self.keyword: True}


PUBLIC, PERSONAL = Mark("x-public"), Mark("x-personal")
"""`Annotated[str, PERSONAL]` is about a person or opens what is theirs: no event takes it, whether `PUBLIC` or not."""

PublicText = Annotated[str, PUBLIC]
"""What stands on a poster: the title of a show, the name of a hall, the label of a seat, a currency, a time zone."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64), PUBLIC]
"""A word for programs, such as a reason: `card-declined`."""

HARMLESS_FORMATS = frozenset({"uuid", "date-time", "date", "time", "duration"})
HARMLESS_TYPES = frozenset({"boolean", "integer", "number", "null"})
PERSONAL_WORDS = frozenset(
    {
        *("address", "birthday", "birthdate", "card", "email", "firstname", "iban", "ip"),
        *("lastname", "mail", "password", "phone", "secret", "token", "username"),
    }
)
"""Members that are called so are no public text, whatever their type says."""


def refused_members(model: type[BaseModel]) -> list[str]:
    """What an event must not say of what `model` says, as `path: reason`. PydanticUserError for unknown types."""
    schema = model.model_json_schema(mode="serialization")
    return list(dict.fromkeys(_refused(schema, "", schema.get("$defs", {}), ())))


def _refused(node: Mapping[str, Any], path: str, known: Mapping[str, Any], within: tuple[str, ...]) -> Iterator[str]:
    """Walk a schema; `within` are the definitions that this node is a part of."""
    if PERSONAL.keyword in node:
        yield f"{path}: personal"
        return
    if reference := node.get("$ref"):
        name = reference.rpartition("/")[2]
        if name not in within:
            yield from _refused(known[name], path, known, (*within, name))
        return
    if choices := [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]:
        for choice in choices:
            yield from _refused(choice, path, known, within)
        return
    kind = node.get("type")
    if "const" in node or "enum" in node or kind in HARMLESS_TYPES:
        return
    if kind == "string":
        yield from _refused_text(node, path)
    elif kind == "array":
        for item in (*node.get("prefixItems", ()), node.get("items", {} if "prefixItems" not in node else None)):
            if item is not None:
                yield from _refused(item, f"{path}[]", known, within)
    elif kind == "object":
        yield from _refused_object(node, path, known, within)
    else:
        yield f"{path}: anything"


def _refused_text(node: Mapping[str, Any], path: str) -> Iterator[str]:
    if node.get("format") in HARMLESS_FORMATS:
        return
    if PUBLIC.keyword not in node:
        yield f"{path}: text that is not marked as public"
    elif PERSONAL_WORDS.intersection(re.split(r"[^a-z]+", path.rpartition(".")[2].lower())):
        yield f"{path}: called like something personal"


def _refused_object(
    node: Mapping[str, Any], path: str, known: Mapping[str, Any], within: tuple[str, ...]
) -> Iterator[str]:
    for name, member in node.get("properties", {}).items():
        yield from _refused(member, f"{path}.{name}", known, within)
    named = "properties" in node or "patternProperties" in node
    others = [*node.get("patternProperties", {}).values(), node.get("additionalProperties", not named)]
    if any(other is not False for other in others):
        yield from _refused({"type": "string", **node.get("propertyNames", {})}, f"{path}{{}}", known, within)
    for other in others:
        if other is not False:
            yield from _refused({} if other is True else other, f"{path}{{}}", known, within)
