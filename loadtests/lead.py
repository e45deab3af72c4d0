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
import locust.runners
from locust import LoadTestShape, events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from loadtests.cast import Cast
from loadtests.progress import show_progress
from loadtests.record import CPU, RUNNING, Journal, Order, Request, one_line
from loadtests.shapes import SHAPES
from loadtests.stage import Stage
from loadtests.users.shopper import STAGE

locust.runners.HEARTBEAT_LIVENESS = 15  # seconds; after 3 locust gives up workers on a machine that has much to do

FLUSH_SECONDS = 0.25
CUT_SHORT = 3
"""Exit code of a run that ended before its shape did, for example because its workers were gone."""

AnyRunner = LocalRunner | MasterRunner | WorkerRunner


class Process:
    """What all processes of a run do: they set the stage, and note what their users do."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.lines: dict[str, list[tuple[object, ...]]] = {"requests": [], "orders": []}
        environment.events.request.add_listener(self.note_request)

    def begin(self, cast: Cast) -> None:
        """Set the stage. The shape says who comes in which proportion."""
        STAGE.set(Stage(cast, self.lines["orders"].append))
        crowd = SHAPES[cast.shape].crowd
        for user_class in self.environment.user_classes:
            user_class.host = cast.url
            user_class.weight = crowd.get(user_class.__name__, 1.0)

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
        """One line. On a leader with workers this is never called: it has no users."""
        headers = response.headers or {}
        service, _slash, instance = headers.get("x-served-by", "").partition("/")
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


class Worker(Process):
    """Has users, and a leader elsewhere."""

    def __init__(self, environment: Environment, runner: WorkerRunner) -> None:
        super().__init__(environment)
        self.runner = runner
        runner.register_message("cast", lambda environment, msg, **_: self.begin(Cast.from_json(msg.data)))
        runner.register_message("finish", lambda environment, msg, **_: self.finish(), concurrent=True)
        environment.events.report_to_master.add_listener(self.report)
        runner.send_message("cast-please")

    def report(self, client_id: str, data: dict[str, Any]) -> None:
        """The lines since the last report go with locust's statistics."""
        data["lines"] = {kind: list(lines) for kind, lines in self.lines.items()}
        data["cpu"] = time.process_time()
        for lines in self.lines.values():
            lines.clear()

    def finish(self) -> None:
        """Let the users finish, and tell the leader when their last lines are on the way."""
        self.runner.stop()
        self.runner._send_stats()  # what else there is to say, locust says only every three seconds
        self.runner.send_message("finished")


class Leader(Process):
    """Follows the shape and keeps the journals; without workers it has the users too."""

    def __init__(self, environment: Environment, runner: LocalRunner | MasterRunner, options: Namespace) -> None:
        super().__init__(environment)
        self.runner = runner
        self.folder = Path(options.cast).parent
        self.cast = Cast.load(Path(options.cast))
        self.begin(self.cast)
        self.expected = int(options.expect_workers)
        self.told: list[str] = []
        self.finished: set[str] = set()
        self.cpu: dict[str, float] = {}
        self.journals = {
            "requests": Journal(self.folder / "requests.csv", Request),
            "orders": Journal(self.folder / "orders.csv", Order),
        }
        gevent.spawn(self._flush_again_and_again)
        gevent.spawn(show_progress, runner)
        gevent.signal_handler(signal.SIGUSR1, FollowTheShape.end)
        FollowTheShape.leader = self
        runner.register_message("cast-please", lambda environment, msg, **_: self.tell_the_cast(msg.node_id))
        runner.register_message("finished", lambda environment, msg, **_: self.finished.add(msg.node_id))
        environment.events.spawning_complete.add_listener(self.note_that_it_runs)
        environment.events.worker_report.add_listener(self.take_report)
        environment.events.quitting.add_listener(self.end)

    def tell_the_cast(self, client_id: str) -> None:
        """To a worker that asks for it; each gets people of its own."""
        share = self.cast.share(len(self.told), of=max(len(self.told) + 1, self.expected))
        self.told.append(client_id)
        self.runner.send_message("cast", share.to_json(), client_id)

    def take_report(self, client_id: str, data: dict[str, Any]) -> None:
        for kind, lines in data.pop("lines", {}).items():
            self.lines[kind].extend(lines)
        self.cpu[client_id] = data.pop("cpu", 0.0)

    def note_that_it_runs(self, user_count: int) -> None:
        first = SHAPES[self.cast.shape].users_at(0.0, users=self.cast.users, seconds=self.cast.seconds) or 1
        if user_count >= first:
            (self.folder / RUNNING).touch()

    def finish(self) -> None:
        """Have the workers let their users finish: locust itself would leave before their last lines had come."""
        if isinstance(self.runner, MasterRunner):
            waited_for = set(self.runner.clients)
            for client_id in waited_for:
                self.runner.send_message("finish", None, client_id)
            with gevent.Timeout(self.environment.stop_timeout, False):
                while not waited_for <= self.finished:
                    gevent.sleep(FLUSH_SECONDS)

    def flush(self) -> None:
        for kind, journal in self.journals.items():
            lines = self.lines[kind]
            for line in lines:
                journal.write(line)
            lines.clear()
            journal.flush()

    def end(self, environment: Environment) -> None:
        """The last lines, and what the load has cost in all its processes (seconds)."""
        self.flush()
        (self.folder / CPU).write_text(str(time.process_time() + sum(self.cpu.values())))
        if not FollowTheShape.over:
            environment.process_exit_code = CUT_SHORT

    def _flush_again_and_again(self) -> None:
        while True:
            gevent.sleep(FLUSH_SECONDS)
            self.flush()


class FollowTheShape(LoadTestShape):
    """The shape that the cast names. Locust asks it every second."""

    use_common_options = True
    over = False
    leader: Leader | None = None

    @classmethod
    def end(cls) -> None:
        """As if the shape had come to its end: the users finish, locust writes its reports and goes."""
        cls.over = True

    def tick(self) -> tuple[int, float] | None:
        cast = STAGE.get().cast
        elapsed: float = self.get_run_time()  # type: ignore[no-untyped-call]
        users = SHAPES[cast.shape].users_at(elapsed, users=cast.users, seconds=cast.seconds)
        if self.over or users is None:
            self.end()
            if self.leader:
                self.leader.finish()
            return None
        return users, max(10.0, users / 2)


def add_options(parser: Any) -> None:
    parser.add_argument("--cast", default="", help="The cast of the run (a file), for the process that leads it.")


def on_init(environment: Environment, runner: AnyRunner, **_: object) -> None:
    if isinstance(runner, WorkerRunner):
        Worker(environment, runner)
    else:
        assert environment.parsed_options is not None
        Leader(environment, runner, environment.parsed_options)


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(on_init)
