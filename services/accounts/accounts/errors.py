"""The answers of accounts other than success."""

from chassis.errors import Forbidden, Invalid, NotFound, Problem
from chassis.observability import SecurityEvent


class EmailTaken(Problem):
    """There is an account with this e-mail address."""

    status = 409
    slug = "email-taken"
    title = "There is an account with this e-mail address"


class WrongCredentials(Problem):
    """No account has this address and password; which of them is wrong stays unsaid."""

    status = 401
    slug = "wrong-credentials"
    title = "E-mail address or password is wrong"
    security = SecurityEvent.SIGN_IN


class WrongPassword(Forbidden):
    """Who is signed in does not know the password of the account."""

    slug = "wrong-password"
    title = "The password is wrong"


class WeakPassword(Invalid):
    """The password is too easy to guess: `errors` names the member and says why."""

    def __init__(self, why: str, *, at: str = "password") -> None:
        super().__init__("The request has invalid members.", errors=[{"at": f"body.{at}", "message": why}])


class LinkSpent(NotFound):
    """The link of a mail was used, is too old, or never was one; which of them stays unsaid."""

    slug = "link-spent"
    title = "This link is not valid, or not any more"
    security = SecurityEvent.PASSWORD_RESET
