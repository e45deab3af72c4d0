"""The static site does without the app."""

from collections.abc import Sequence
from dataclasses import dataclass

from engines.protocol import in_silence
from loadtests.proofs import fileserver
from loadtests.proofs.exhibits import Exhibit, timeline_of
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import between, failures, told
from loadtests.proofs.verdict import Verdict, at_least, known, none_of
from loadtests.runs import Request

SITE, API = "/", "/api/shows?limit=1"
LEAST_FILES = 10
AROUND_SECONDS, AWAY_SECONDS = 2.0, 3.0
LEAST_ANSWERS = 2
"""Of the API while it is away: the edge looks for an instance for a while each time."""

title = "The static site is served while the whole app is stopped, by the edge and by any file server"
promise = "Startup tier: the static site is files that any CDN can serve, apart from the app."
method = """
The site is written as for a CDN (services/storefront/publish.py). Every instance of the app is stopped; the API then
answers 503, which shows that it is really away. Meanwhile every file is fetched from the edge and compared byte by
byte, and the front page is asked for ten times a second without a pause. The same files are fetched from `python -m
http.server`, which knows nothing of Box Office. What pages, modules and style sheets refer to must all be among the
files.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """`wrong_at_*` names files that were not served as they are."""

    files: int
    bytes: int
    dangling: Sequence[str]
    wrong_at_edge: Sequence[str]
    wrong_at_file_server: Sequence[str]


async def run(stage: Stage) -> Record[Facts]:
    folder = stage.folder / "site"
    files = await stage.do(fileserver.publish, folder)
    instances = list(await stage.rows("app"))
    async with stage.watch(SITE, API):
        await stage.seconds(AROUND_SECONDS)
        stage.mark(f"asked {' and '.join(instances)} to stop")
        await stage.do(stage.engine.stop, instances, in_silence)
        try:
            stage.mark("no instance is left")
            at_edge = await stage.do(fileserver.not_served, stage.access.url, files, verify=stage.trust)
            stage.mark(f"{len(files)} files fetched from the edge")
            with fileserver.python_file_server(folder) as url:
                at_server = await stage.do(fileserver.not_served, url, files)
            stage.mark("the same from python -m http.server")
            await stage.seconds(AWAY_SECONDS)
            stage.mark("asked them to start")
        finally:
            await stage.do(stage.engine.start, instances, in_silence)
        stage.mark("the app is back")
        await stage.seconds(AROUND_SECONDS)
    size = sum(map(len, files.values()))
    return stage.record(Facts(len(files), size, fileserver.dangling(files), at_edge, at_server))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    away, back = record.when("no instance is left"), record.when("asked them to start")
    site = [each for each in record.requests if each.name == SITE]
    api = between((each for each in record.requests if each.name == API), away, back)
    return Verdict(
        (
            none_of("failed requests for the site", told(failures(site))),
            at_least("requests for the site while the app was away", len(between(site, away, back)), 10),
            none_of("files that the edge did not serve as they are", facts.wrong_at_edge),
            none_of("files that a plain file server did not", facts.wrong_at_file_server),
            none_of("references that lead nowhere", facts.dangling),
            at_least("files", facts.files, LEAST_FILES),
            none_of("answers of the API meanwhile, which must be away", told(_answered(api))),
            at_least("requests to the API meanwhile", len(api), LEAST_ANSWERS),
            known("the whole site", f"{facts.bytes / 1024:,.0f} KiB"),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    return [
        timeline_of(
            record, "Good answers a second: the site goes on, the API (red: 503) is away with the app.", by_name=True
        )
    ]


def _answered(requests: Sequence[Request]) -> list[Request]:
    return [each for each in requests if each.status not in (0, 502, 503, 504)]
