"""Every consumer can read what every producer writes: each consumer's own model is fed the producer's samples."""

import importlib
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from chassis.messaging import Event

SERVICES = Path(__file__).parents[2]
NAMES = ["accounts", "catalog", "notifications", "orders", "payments", "seats"]


def events_in(module: ModuleType) -> list[type[Event]]:
    """The event models that `module` itself defines."""
    return [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Event) and each.__module__ == module.__name__ and hasattr(each, "topic")
    ]


def samples_of(service: str) -> list[Event]:
    path = SERVICES / service / "tests" / "samples.py"
    spec = importlib.util.spec_from_file_location(f"{service}_samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.SAMPLES)


SAMPLES = {(sample.topic, sample.type): sample for name in NAMES for sample in samples_of(name)}
PUBLISHED = [each for name in NAMES for each in events_in(importlib.import_module(f"{name}.events"))]
CONSUMED = [
    each
    for name in NAMES
    if (SERVICES / name / name / "consumers.py").exists()
    for each in events_in(importlib.import_module(f"{name}.consumers"))
]


def described(model: type[Event]) -> str:
    return f"{model.__module__}:{model.__name__}"


@pytest.mark.parametrize("model", PUBLISHED, ids=described)
def test_every_published_event_has_a_sample(model: type[Event]) -> None:
    assert isinstance(SAMPLES.get((model.topic, model.type)), model)


@pytest.mark.parametrize("model", PUBLISHED, ids=described)
def test_an_event_is_published_to_the_topic_of_its_service(model: type[Event]) -> None:
    assert model.topic == model.__module__.split(".", 1)[0]


@pytest.mark.parametrize("model", CONSUMED, ids=described)
def test_a_consumer_reads_what_the_producer_writes(model: type[Event]) -> None:
    sample = SAMPLES[model.topic, model.type]
    read = model.model_validate_json(sample.model_dump_json())
    assert read.key == sample.key


@pytest.mark.parametrize("model", CONSUMED, ids=described)
def test_a_consumer_is_tolerant_of_members_it_does_not_know(model: type[Event]) -> None:
    sample = SAMPLES[model.topic, model.type].model_dump(mode="json") | {"added_next_year": True}
    assert model.model_validate(sample).key == SAMPLES[model.topic, model.type].key
