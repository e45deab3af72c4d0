"""Apache Kafka in KRaft mode, one node, from the jars of Maven Central. Needs `java` and `mvn`."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from chassis.settings import Settings
from engines.local import probes
from engines.local.ports import free_port
from engines.local.server import HOST, Server

VERSION = "4.1.1"
POM = Path(__file__).with_name("kafka.pom.xml")
JARS = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "boxoffice" / f"kafka-{VERSION}"
JVM = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
PARTITIONS = Settings().kafka_partitions
"""As many as the chassis gives a topic: after a loss the broker itself may be the one that makes it anew."""
CLUSTER = "5L6g3nShT-eMCtK--X86sw"

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}/log
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
num.partitions={partitions}
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""


@dataclass(slots=True)
class ApacheKafka(Server):
    """The real one, up in 4 s."""

    name: ClassVar[str] = "apache-kafka"

    @property
    def url(self) -> str:
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        super(ApacheKafka, self).prepare()
        ports = {"port": self.port, "controller_port": free_port()}
        text = PROPERTIES.format(host=HOST, data=self.data, partitions=PARTITIONS, **ports)
        self._properties.write_text(text)
        options = ["--standalone", "-t", CLUSTER, "-c", str(self._properties)]
        subprocess.run([*java(), "kafka.tools.StorageTool", "format", *options], check=True, capture_output=True)

    def command(self) -> list[str]:
        return [*java(), "kafka.Kafka", str(self._properties)]

    def environment(self) -> Mapping[str, str]:
        return {name: value for name in ("JAVA_HOME",) if (value := os.environ.get(name))}

    def ready(self) -> bool:
        return probes.kafka(self.port)

    @property
    def _properties(self) -> Path:
        return self.data / "server.properties"


def java() -> list[str]:
    """How to run a class of Kafka. The first time `mvn` fetches its jars."""
    if not JARS.exists():
        JARS.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=JARS.parent))
        options = [f"-Dkafka.version={VERSION}", "-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
        subprocess.run(
            ["mvn", "-B", "-q", "-ntp", "-f", str(POM), "dependency:copy-dependencies", *options], check=True
        )
        try:
            partial.rename(JARS)
        except OSError:  # another test process was faster
            shutil.rmtree(partial)
    return ["java", *JVM, "-cp", f"{JARS}/*"]
