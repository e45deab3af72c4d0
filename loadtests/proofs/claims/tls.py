"""TLS is enforced."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from loadtests.proofs import handshakes
from loadtests.proofs.exhibits import Exhibit, Table
from loadtests.proofs.handshakes import Handshakes
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.verdict import Verdict, all_of, none_of

PLAIN = (
    ("GET", "/"),
    ("GET", "/api/shows"),
    ("POST", "/api/sessions"),
    ("GET", "/api/accounts/me"),
    ("GET", "/metrics"),
)
PAGES = ("/", "/api/shows", "/api/sessions/current", "/api/nothing-there", "/assets/nothing-there.js")
INSIDE = (
    *("/livez", "/readyz", "/metrics", "/internal", "/internal/anything", "/metrics/", "//metrics", "/./metrics"),
    *("/%6detrics", "/METRICS", "/api/../metrics", "/api/%2e%2e/metrics", "/api/..%2fmetrics", "/x/../internal/holds"),
)
"""What only the inside may ask, and ways to ask for it in other words."""
ANYBODYS = ("127.0.0.1", "0.0.0.0", "::")
"""Where a port of this machine is; containers that publish none have addresses of their own."""
LEAST_HSTS_SECONDS = 300
"""On localhost, where a browser applies it to all that is developed there; on a public name it is a year."""

title = "TLS is enforced: plain HTTP only shows the way, nothing below TLS 1.2 is spoken, the inside stays inside"
promise = "Startup tier: the edge terminates TLS, HTTP only redirects; /metrics, /internal and the like never leave it."
method = """
Every question is asked at the socket of the running edge. Plain HTTP must answer a page with 308 to the same address
with https, without content or cookie, and the API with 403. The handshakes of old versions are made by a client that is
able to speak them: first it shows that at a server of its own, for a probe that cannot speak TLS 1.0 would always see
it refused. The edge's certificate must be refused by who does not know its CA. Paths of the inside are asked for as
they are and in disguise, by bytes that no client library tidies up. No other port of the tier may be reachable from
another address than this machine's loopback.
"""


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer to plain HTTP."""

    method: str
    url: str
    status: int
    location: str
    body: str
    cookie: str

    @property
    def serves_nothing(self) -> bool:
        """Whether a page was redirected, and a call of the API refused."""
        asked, sent = urlsplit(self.url), urlsplit(self.location)
        if asked.path.startswith("/api/"):
            return self.status == 403 and not self.location and not self.cookie
        same = (sent.scheme, sent.hostname, sent.path) == ("https", asked.hostname, asked.path)
        return self.status == 308 and same and not self.body and not self.cookie


@dataclass(frozen=True, slots=True)
class Facts:
    plain: Sequence[Plain]
    handshakes: Handshakes
    hsts: Sequence[tuple[str, str]]
    """Page and header."""
    inside: Sequence[tuple[str, int, str]]
    """Path, status, begin of the body."""
    cookie: str
    """The Set-Cookie header of a sign-in."""
    open_ports: Sequence[str]
    """Others than the edge's that can be reached from elsewhere."""


async def run(stage: Stage) -> Record[Facts]:
    access = stage.access
    edge = urlsplit(access.url)
    async with httpx.AsyncClient(trust_env=False, base_url=access.plain_url, follow_redirects=False) as http:
        plain = [await ask_plainly(http, method, path) for method, path in PLAIN]
    stage.mark("asked in plain HTTP")
    hello = await stage.do(handshakes.with_all_versions, edge.hostname or "", edge.port or 443, access.ca)
    stage.mark("shaken hands in every version of TLS")
    async with httpx.AsyncClient(trust_env=False, base_url=access.url, verify=stage.trust) as http:
        hsts = [(page, (await http.get(page)).headers.get("strict-transport-security", "")) for page in PAGES]
        email, password = access.logins["customer"]
        signed_in = await http.post("/api/sessions", json={"email": email, "password": password})
    stage.mark("read headers and a session's cookie")
    inside = [await stage.do(handshakes.ask_raw, access.url, access.ca, path) for path in INSIDE]
    stage.mark("asked for what is inside")
    edges = {edge.port or 443, urlsplit(access.plain_url).port or 80}
    ports = {row.process: row.port for row in (await stage.rows()).values() if row.port and row.host in ANYBODYS}
    others = {name: port for name, port in ports.items() if port not in edges}
    open_ports = await stage.do(handshakes.reachable_from_elsewhere, others)
    stage.mark("knocked at the other ports")
    cookie = signed_in.headers.get("set-cookie", "")
    return stage.record(Facts(plain, hello, hsts, inside, _without_value(cookie), open_ports))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    hello = facts.handshakes
    return Verdict(
        (
            all_of(
                "plain HTTP only redirects pages and refuses the API",
                sum(each.serves_nothing for each in facts.plain),
                len(facts.plain),
            ),
            all_of("versions below TLS 1.2 that are refused", len(hello.old_refused), len(hello.old_spoken)),
            none_of("old versions that the probe cannot speak", sorted(set(handshakes.OLD) - set(hello.old_spoken))),
            all_of("TLS 1.2 and 1.3 are spoken", len(hello.new_spoken), len(handshakes.NEW)),
            none_of("trust without the CA", ["the certificate is taken"] if hello.trusted_without_ca else []),
            none_of("answers without HSTS", [page for page, header in facts.hsts if not _long_enough(header)]),
            none_of(
                "inside paths reached",
                [f"{path} {status}" for path, status, body in facts.inside if _leaks(status, body)],
            ),
            none_of("lacking from the session's cookie", _lacking(facts.cookie)),
            none_of("other ports that can be reached", facts.open_ports),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    facts = record.facts
    hello = facts.handshakes
    rows = [(f"{each.method} {each.url}", f"{each.status} {each.location}") for each in facts.plain]
    rows += [(f"TLS handshake with {version} only", answer) for version, answer in hello.answers.items()]
    rows += [("the same, to the probe's own old server", f"spoken: {', '.join(hello.old_spoken)}")]
    rows += [(f"GET {page}: Strict-Transport-Security", header or "-") for page, header in facts.hsts]
    rows += [(f"GET {path}", f"{status} {body}") for path, status, body in facts.inside]
    rows += [("POST /api/sessions: Set-Cookie", facts.cookie)]
    return [Table(caption="Everything that was asked, and the answers.", head=("asked", "answered"), rows=rows)]


async def ask_plainly(http: httpx.AsyncClient, method: str, path: str) -> Plain:
    answer = await http.request(method, path)
    cookie = answer.headers.get("set-cookie", "")
    location = answer.headers.get("location", "")
    return Plain(method, str(answer.request.url), answer.status_code, location, answer.text[:80], cookie)


def _long_enough(header: str) -> bool:
    ages = [part.strip().removeprefix("max-age=") for part in header.split(";") if part.strip().startswith("max-age=")]
    return bool(ages) and ages[0].isdigit() and int(ages[0]) >= LEAST_HSTS_SECONDS


def _leaks(status: int, body: str) -> bool:
    """Whether the inside has answered: the site's own page, which the edge has for any address, is outside."""
    return status == 200 and not body.lstrip().lower().startswith("<!doctype html")


def _lacking(cookie: str) -> list[str]:
    name, _, attributes = cookie.partition(";")
    has = {part.strip().lower() for part in attributes.split(";")}
    wanted = {"secure", "httponly", "samesite=lax", "path=/"}
    found = sorted(wanted - has)
    found += ["a name that begins with __Host-"] if not name.startswith("__Host-") else []
    return found + (["no Domain"] if any(part.startswith("domain=") for part in has) else [])


def _without_value(cookie: str) -> str:
    """A report is shown around: it holds no session."""
    name, _, rest = cookie.partition("=")
    return f"{name}=…;{rest.partition(';')[2]}"
