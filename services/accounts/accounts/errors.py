"""The answers of accounts other than success."""

from chassis.errors import Forbidden, Problem
from chassis.security import SecurityEvent


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
