"""Takes from CustomResourceDefinitions what the tests need: the schema of the version in use, without its prose.

    python extract.py FILE... > schemas.json

README.md says which files. Of a SecretStore's providers only Vault is kept; another one is any object.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

VERSIONS = {
    "ExternalSecret": "v1",
    "HTTPRoute": "v1",
    "PrometheusRule": "v1",
    "ScaledObject": "v1alpha1",
    "SecretStore": "v1",
    "ServiceMonitor": "v1",
    "VaultDynamicSecret": "v1alpha1",
}
KEPT = {
    "type",
    "properties",
    "items",
    "required",
    "enum",
    "additionalProperties",
    "anyOf",
    "oneOf",
    "pattern",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
}


def lean(schema: Any) -> Any:
    """The schema without descriptions and what only an API server knows. A key that it does not have is refused."""
    if isinstance(schema, list):
        return [lean(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    found = {key: lean(value) for key, value in schema.items() if key in KEPT and key != "properties"}
    if pattern := schema.get("pattern"):
        found["pattern"] = pattern.replace("^(?i)", "(?i)^")  # Go's place for it, and Python's
    if properties := schema.get("properties"):
        found["properties"] = {name: lean(value) for name, value in properties.items()}
        if schema.get("type") == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
            found.setdefault("additionalProperties", False)
    return found


def main() -> None:
    schemas = {}
    for name in sys.argv[1:]:
        definition = yaml.safe_load(Path(name).read_text())["spec"]
        kind = definition["names"]["kind"]
        [version] = [each for each in definition["versions"] if each["name"] == VERSIONS[kind]]
        schema = lean(version["schema"]["openAPIV3Schema"])
        schema["properties"] |= {
            "apiVersion": {"const": f"{definition['group']}/{VERSIONS[kind]}"},
            "kind": {"const": kind},
            "metadata": {"type": "object"},
        }
        schema["properties"].pop("status", None)
        if kind == "SecretStore":
            providers = schema["properties"]["spec"]["properties"]["provider"]["properties"]
            providers |= {each: {"type": "object"} for each in providers if each != "vault"}
        schemas[kind] = schema
    lines = (
        f"{json.dumps(kind)}: {json.dumps(schema, separators=(',', ':'))}" for kind, schema in sorted(schemas.items())
    )
    print("{", ",\n".join(lines), "}", sep="\n")


if __name__ == "__main__":
    main()
