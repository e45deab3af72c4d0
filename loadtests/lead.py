"""What goes on around the users in locust's processes: the cast is told, the shape is followed, journals are kept.

One process leads; with `--processes` or `--worker` others have the users. Those learn the cast from the leader by
locust's own messages, and send it their lines with their statistics, so that there is one journal, on one machine.
"""

import signal
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import gevent
from locust import LoadTestShape, events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from loadtests.cast import Cast
from loadtests.progress import show_progress
from loadtests.record import CPU, RUNNING, Journal, Order, Request, one_line
from loadtests.shapes import SHAPES
from loadtests.stage import Stage
from loadtests.users.shopper import STAGE

FLUSH_SECONDS = 0.25
WORKERS_SECONDS = 5.0

AnyRunner = LocalRunner | MasterRunner | WorkerRunner
Lines = dict[str, list[tuple[object, ...]]]


class Lead:
    """One process of a run: it has users, or leads those that have, or both."""

    def __init__(self, environment: Environment, runner: AnyRunner, options: Namespace) -> None:
        self.environment = environment
        self.runner = runner
        self.lines: Lines = {"requests": [], "orders": []}
        self.journals: dict[str, Journal] = {}
        self.cast: Cast | None = None
        self.told: list[str] = []
        self.cpu: dict[str, float] = {}
        if isinstance(self.runner, WorkerRunner):
            runner.register_message("cast", lambda environment, msg, **_: self.begin(Cast.from_json(msg.data)))
            environment.events.report_to_master.add_listener(self.report)
            runner.send_message("cast-please")
        else:
            self.folder = folder = Path(options.cast).parent
            self.begin(Cast.load(Path(options.cast)))
            self.journals = {
                "requests": Journal(folder / "requests.csv", Request),
                "orders": Journal(folder / "orders.csv", Order),
            }
            gevent.spawn(self._flush_again_and_again)
            gevent.spawn(show_progress, runner)
            gevent.signal_handler(signal.SIGUSR1, self.end_the_shape)
            environment.events.spawning_complete.add_listener(self.note_that_it_runs)
            runner.register_message("cast-please", lambda environment, msg, **_: self.tell_the_cast(msg.node_id))
            environment.events.worker_report.add_listener(self.take_report)
            environment.events.quitting.add_listener(self.end)
        if not isinstance(self.runner, MasterRunner):
            environment.events.request.add_listener(self.note_request)

    def begin(self, cast: Cast) -> None:
        """Set the stage. Classes that nobody wants, or that cannot take part, are left out by their weight."""
        self.cast = cast
        STAGE.set(Stage(cast, self.lines["orders"].append))
        crowd = SHAPES[cast.shape].crowd
        for user_class in self.environment.user_classes:
            user_class.host = cast.url
            user_class.weight = crowd.get(user_class.__name__, 0.0)

    def tell_the_cast(self, client_id: str) -> None:
        """To a worker that asks for it; each gets people of its own."""
        assert self.cast is not None
        assert self.environment.parsed_options is not None
        expected = int(self.environment.parsed_options.expect_workers)
        share = self.cast.share(len(self.told), of=max(len(self.told) + 1, expected))
        self.told.append(client_id)
        self.runner.send_message("cast", share.to_json(), client_id)

    def note_request(
        self,
        request_type: str,
        name: str,
        response_time: float,
        response: Any,
        context: dict[str, str],
        exception: BaseException | None,
        start_time: float,
        **_: object,
    ) -> None:
        headers = response.headers or {}
        service, _, instance = headers.get("x-served-by", "").partition("/")
        self.lines["requests"].append(
            (
                f"{start_time:.4f}",
                f"{response_time:.2f}",
                request_type,
                name,
                response.status_code or 0,
                instance.partition("@")[0],
                service,
                one_line(f"{type(exception).__name__}: {exception}") if exception else "",
                context.get("trace", ""),
            )
        )

    def report(self, client_id: str, data: dict[str, Any]) -> None:
        """A worker's lines, with its statistics."""
        data["lines"] = {kind: list(lines) for kind, lines in self.lines.items()}
        data["cpu"] = time.process_time()
        for lines in self.lines.values():
            lines.clear()

    def take_report(self, client_id: str, data: dict[str, Any]) -> None:
        for kind, lines in data.pop("lines", {}).items():
            self.lines[kind].extend(lines)
        self.cpu[client_id] = data.pop("cpu", 0.0)

    def note_that_it_runs(self, user_count: int) -> None:
        if user_count >= self.first_users():
            (self.folder / RUNNING).touch()

    def first_users(self) -> int:
        assert self.cast is not None
        return SHAPES[self.cast.shape].users_at(0.0, users=self.cast.users, seconds=self.cast.seconds) or 1

    def end_the_shape(self) -> None:
        """As if it had come to its end: locust lets the users finish, writes its reports and goes."""
        FollowTheShape.over = True

    def flush(self) -> None:
        for kind, journal in self.journals.items():
            lines = self.lines[kind]
            for line in lines:
                journal.write(line)
            lines.clear()
            journal.flush()

    def _flush_again_and_again(self) -> None:
        while True:
            gevent.sleep(FLUSH_SECONDS)
            self.flush()

    def end(self, environment: Environment) -> None:
        """The last lines, and what the load has cost in all its processes (seconds)."""
        self.flush()
        (self.folder / CPU).write_text(str(time.process_time() + sum(self.cpu.values())))


class FollowTheShape(LoadTestShape):
    """The shape that the cast names."""

    use_common_options = True
    over = False

    def tick(self) -> tuple[int, float] | None:
        cast = STAGE.get().cast
        elapsed: float = self.get_run_time()  # type: ignore[no-untyped-call]
        users = SHAPES[cast.shape].users_at(elapsed, users=cast.users, seconds=cast.seconds)
        if self.over or users is None:
            if isinstance(self.runner, MasterRunner):
                _stop_workers(self.runner)
            return None
        return users, max(10.0, users / 2)


def _stop_workers(runner: MasterRunner) -> None:
    """Let their users finish, and wait until they listen again: locust alone would leave before their last lines."""
    workers = len(runner.clients)
    runner.stop()
    with gevent.Timeout(WORKERS_SECONDS, False):
        while len(runner.clients.ready) < workers:
            gevent.sleep(FLUSH_SECONDS)


def add_options(parser: Any) -> None:
    parser.add_argument("--cast", default="", help="The cast of the run (a file), for the process that leads it.")


def on_init(environment: Environment, runner: AnyRunner, **_: object) -> None:
    assert environment.parsed_options is not None
    Lead(environment, runner, environment.parsed_options)


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(on_init)
