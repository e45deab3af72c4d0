"""Apache Kafka in KRaft mode, one node, from the jars of Maven Central. Needs `java` and `mvn`."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

VERSION = "4.1.1"
START_SECONDS = 60
POM = Path(__file__).with_name("pom.xml")
JARS = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "boxoffice" / f"kafka-{VERSION}"
JVM = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def fetch_jars() -> Path:
    """The folder of Kafka's jars, filled by `mvn` when it is not there yet."""
    if not JARS.exists():
        JARS.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=JARS.parent))
        command = ["mvn", "-B", "-q", "-ntp", "-f", POM, f"-Dkafka.version={VERSION}", "dependency:copy-dependencies"]
        subprocess.run([*command, "-DincludeScope=runtime", f"-DoutputDirectory={partial}"], check=True)
        partial.rename(JARS)
    return JARS


class ApacheKafka:
    """One broker with its own folder: `start`, `kill` without warning, `stop` in good order."""

    def __init__(self, folder: Path, *, port: int, controller_port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._port = port
        self._data = folder / "data"
        self._log = folder / "kafka.log"
        self._properties = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        text = PROPERTIES.format(port=port, controller_port=controller_port, data=self._data)
        self._properties.write_text(text)

    def start(self) -> None:
        """Start and wait until it listens. Raises RuntimeError with the end of its log."""
        if not self._data.exists():
            cluster = "5L6g3nShT-eMCtK--X86sw"
            self._java("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c").wait(START_SECONDS)
        self._process = self._java("kafka.Kafka")
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Apache Kafka does not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self, *, lose_data: bool) -> None:
        """Kill -9; with `lose_data` its disk is gone too."""
        self._end(signal.SIGKILL)
        if lose_data:
            shutil.rmtree(self._data, ignore_errors=True)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, by: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(by)
            self._process.wait(START_SECONDS)
            self._process = None

    def _java(self, *main: str) -> subprocess.Popen[bytes]:
        command = ["java", *JVM, "-cp", f"{fetch_jars()}/*", *main, str(self._properties)]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
