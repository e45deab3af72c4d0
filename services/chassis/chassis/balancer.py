"""Which instance gets the next call: the less busy one of two picked at random."""

import random
from collections.abc import Sequence

from chassis.discovery import Instance


def pick(instances: Sequence[Instance]) -> Instance:
    """Power of two choices on least outstanding requests: nearly as even as asking all, without herding to one."""
    if len(instances) == 1:
        return instances[0]
    first, second = random.sample(instances, 2)
    return first if first.outstanding <= second.outstanding else second
