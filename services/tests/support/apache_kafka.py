"""Apache Kafka in KRaft mode, one node, from the jars of Maven Central. Needs `java` and `mvn`."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.brokers import Broker
from support.processes import Command, free_port

VERSION = "4.1.1"
POM = Path(__file__).with_name("kafka.pom.xml")
JARS = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "boxoffice" / f"kafka-{VERSION}"
JVM = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
CLUSTER = "5L6g3nShT-eMCtK--X86sw"

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""


def fetch_jars() -> Path:
    """The folder of Kafka's jars, filled by `mvn` when it is not there yet."""
    if not JARS.exists():
        JARS.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=JARS.parent))
        options = [f"-Dkafka.version={VERSION}", "-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
        subprocess.run(["mvn", "-Bqntp", "-f", POM, "dependency:copy-dependencies", *options], check=True)
        partial.rename(JARS)
    return JARS


class ApacheKafka(Broker):
    """The real one, up in 4 s."""

    idempotence = True

    def command(self) -> Command:
        folder = self._processes.folder / f"kafka-{self.port}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        properties = folder / "server.properties"
        properties.write_text(
            PROPERTIES.format(address=self.address, controller_port=free_port(), data=folder / "data")
        )
        java = ["java", *JVM, "-cp", f"{fetch_jars()}/*"]
        subprocess.run(
            [*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER, "-c", properties],
            check=True,
            capture_output=True,
        )
        return [*java, "kafka.Kafka", properties]
