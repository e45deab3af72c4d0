"""Which instance gets the next call: the less busy one of two picked at random, among those that answer."""

import random
import time
from collections.abc import Sequence

from chassis.calls.discovery import Instance

EJECTED_SECONDS = 1.0
"""How long an instance that could not be reached gets no calls: by then discovery has noticed, or it is back."""


def pick(instances: Sequence[Instance], *, other_than: Instance | None = None) -> Instance:
    """Power of two choices on least outstanding requests: nearly as even as asking all, without herding to one.

    Where there is no other choice it is one that was ejected, or `other_than` itself.
    """
    if len(instances) == 1:
        return instances[0]
    now = time.monotonic()
    able = [each for each in instances if each.ejected_until <= now and each is not other_than] or instances
    if len(able) == 1:
        return able[0]
    first, second = random.sample(able, 2)
    return first if first.outstanding <= second.outstanding else second


def eject(instance: Instance) -> None:
    """Leave `instance` out for a moment."""
    instance.ejected_until = time.monotonic() + EJECTED_SECONDS
