"""The static site as files: what belongs to it, and whether a server gives exactly that."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from posixpath import dirname, join, normpath

import httpx

from engines.local.ports import free_port
from engines.state import REPOSITORY

PUBLISH = REPOSITORY / "services" / "storefront" / "publish.py"
FOR_THE_HOST = frozenset({"_headers"})
"""Files that tell a static host what to do; nobody asks for them."""
REFERENCES = {
    ".html": re.compile(r"""(?:href|src)="([^"#?]+)"""),
    ".js": re.compile(r"""(?:from\s*|import\s*\(?\s*)["'](\.{1,2}/[^"']+)["']"""),
    ".css": re.compile(r"""url\(\s*["']?([^"')#]+)"""),
}
START_SECONDS = 10.0


def publish(folder: Path) -> dict[str, bytes]:
    """Write the site as for a CDN, and answer its files by path."""
    subprocess.run([sys.executable, str(PUBLISH), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return files_in(folder)


def files_in(folder: Path) -> dict[str, bytes]:
    """The files by the path that a browser asks for."""
    found = {
        f"/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    return {path: content for path, content in found.items() if path.lstrip("/") not in FOR_THE_HOST}


def dangling(files: Mapping[str, bytes]) -> list[str]:
    """What pages, modules and style sheets refer to on their own site, and is no file of it."""
    found = []
    for path, content in files.items():
        pattern = REFERENCES.get(Path(path).suffix)
        for reference in pattern.findall(content.decode(errors="replace")) if pattern else ():
            target = normpath(join(dirname(path), reference))
            looks_local = "://" not in reference and not reference.startswith(("data:", "//", "/api"))
            if looks_local and Path(target).suffix and target not in files:
                found.append(f"{path} → {reference}")
    return found


def not_served(url: str, files: Mapping[str, bytes], *, verify: object = True) -> list[str]:
    """Which of the files, and of the front page, this server does not give byte by byte."""
    wanted = {**files, "/": files.get("/index.html", b"")}
    wrong = []
    with httpx.Client(trust_env=False, base_url=url, verify=verify, timeout=10) as http:  # type: ignore[arg-type]
        for path, content in wanted.items():
            try:
                answer = http.get(path)
            except httpx.TransportError as error:
                wrong.append(f"{path}: {type(error).__name__}")
                continue
            if answer.status_code != 200 or answer.content != content:
                wrong.append(f"{path}: {answer.status_code}, {len(answer.content)} of {len(content)} bytes")
    return wrong


@contextmanager
def python_file_server(folder: Path) -> Iterator[str]:
    """`python -m http.server`, the plainest one that there is; its URL."""
    port = free_port()
    command: Sequence[str] = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(folder)]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError("the file server does not start")
