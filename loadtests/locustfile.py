"""What locust runs: the people, the shape, and the journals that it keeps.

`make load` and `runs.Load` start it. By hand, with the cast of a run that was prepared (`python -m loadtests --help`):

    locust -f loadtests/locustfile.py --headless --cast FOLDER/cast.json
"""

from loadtests.lead import FollowTheShape
from loadtests.users.buyers import Buyer
from loadtests.users.organisers import Organiser
from loadtests.users.scalpers import Scalper
from loadtests.users.visitors import Visitor

__all__ = ["Buyer", "FollowTheShape", "Organiser", "Scalper", "Visitor"]
