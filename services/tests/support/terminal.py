"""A shell in which somebody gives commands, and what a hostile one sets."""

import json
import os
import socket
import ssl
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

from engines.local.executables import executable
from engines.local.ports import free_port

SHADOW = "raise ImportError('a module of the user was taken for one of ours')"


def hostile(folder: Path, proxy: socket.socket) -> dict[str, str]:
    """Variables of a shell that decide nothing about a stack."""
    folder.mkdir()
    for name in ("typer", "hvac", "httpx", "redis", "psutil"):
        (folder / f"{name}.py").write_text(SHADOW)
    there = f"http://127.0.0.1:{proxy.getsockname()[1]}"
    proxies = {each: there for name in ("http", "https", "all") for each in (f"{name}_proxy", f"{name.upper()}_PROXY")}
    return {
        **proxies,
        "NO_PROXY": "",
        "no_proxy": "",
        **dict.fromkeys(("PYTHONPATH", "PYTHONUSERBASE", "TMPDIR"), str(folder)),
        "PYTHONWARNINGS": "error",
        "PYTHONSTARTUP": str(folder / "typer.py"),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "ascii",
        **{"PGHOST": "127.0.0.1", "PGPORT": there.rpartition(":")[2], "PGUSER": "me", "PGPASSWORD": "mine"},
        **{"PGDATABASE": "mine", "PGSSLMODE": "verify-full", "PGOPTIONS": "-c nonsense=1", "PGSERVICE": "nowhere"},
        **{"VAULT_TOKEN": "mine", "VAULT_NAMESPACE": "mine", "VAULT_CACERT": "/nowhere", "VAULT_AUTH": "kubernetes"},
        **{"BAO_ADDR": there, "BAO_TOKEN": "mine", "VAULT_CLIENT_CERT": "/nowhere", "VAULT_CLIENT_KEY": "/nowhere"},
        **{"VAULT_ROLE_ID_FILE": "/nowhere", "VAULT_JWT_FILE": "/nowhere", "SECRETS_FOLDER": "/nowhere"},
        **dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "/nowhere"),
        **{"ROLE": "worker", "HOST": "192.0.2.1", "PORT": "1", "INSTANCE": "mine", "DISCOVERY": "dns"},
        **{"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C", "TERM": "dumb", "COLUMNS": "100", "CDPATH": "/"},
        **{
            "GREP_OPTIONS": "-v",
            "UPSTREAMS": "orders=http://192.0.2.1",
            "XDG_DATA_HOME": "/nowhere",
            "HOME": "/nowhere",
        },
    }


class Terminal:
    """A shell whose stack is in `folder`."""

    def __init__(self, folder: Path, shell: Mapping[str, str] = os.environ, *, umask: int = 0o077) -> None:
        self.folder, self.umask = folder, umask
        http = free_port()
        self.environment = {
            **shell,
            "BOXOFFICE_STATE": str(folder),
            "ENGINE": "local",
            "EDGE_HTTPS_PORT": str(free_port([http])),
            "EDGE_HTTP_PORT": str(http),
        }

    def run(
        self, *arguments: str, without: Collection[str] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(executable("boxoffice")), *arguments],
            env={name: it for name, it in (self.environment | environment).items() if name not in without},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            umask=self.umask,
        )

    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["process"]: row for row in json.loads(self.run("status", "--json").stdout)}

    def processes(self) -> list[psutil.Process]:
        recorded = json.loads((self.folder / "processes.json").read_text())
        return [psutil.Process(entry["pid"]) for entry in recorded.values()]

    def ask(self, path: str) -> httpx.Response:
        url = self.run("url").stdout.strip() + path
        with httpx.Client(trust_env=False, verify=ssl.create_default_context(cafile=self.folder / "ca.crt")) as browser:
            return browser.get(url)

    def status_of(self, path: str) -> int:
        return self.ask(path).status_code

    def version(self) -> str:
        return str(self.ask("/api/shows").headers["x-version"])


def odd(shell: Mapping[str, str], folder: Path) -> dict[str, str]:
    """A second hostile shell on top of the first: what could not be in that one, and addresses of other servers."""
    there = shell["HTTP_PROXY"].rpartition("/")[2]
    return {
        **{name: value for name, value in shell.items() if name not in ("HOME", "LANG", "TERM", "USER", "LOGNAME")},
        **{"LC_ALL": "tr_TR.UTF-8", "TMPDIR": "/nowhere", "COLUMNS": "1", "LINES": "1", "NO_COLOR": "1", "CI": "true"},
        **{"PYTHONHOME": "/nowhere", "SSLKEYLOGFILE": str(folder / "keys.log"), "XDG_CONFIG_HOME": "/nowhere"},
        **{"no_proxy": "*", "REDIS_URL": f"redis://{there}/0", "KAFKA_BOOTSTRAP_SERVERS": there},
        **{"KAFKA_USERNAME": "me", "KAFKA_PASSWORD": "mine", "VAULT_ADDR": f"http://{there}", "VAULT_SKIP_VERIFY": "1"},
        **{"DATABASE_URL": f"postgresql://me:mine@{there}", "SMTP_URL": f"smtp://{there}", "PGSSLROOTCERT": "/nowhere"},
        **{"PGPASSFILE": "/nowhere", "PGSERVICEFILE": "/nowhere", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{there}"},
        **{"BOXOFFICE_SERVICES": "mine", "SERVICES": "mine", "TLS": "mutual", "MAX_STREAMS": "-1"},
    }
