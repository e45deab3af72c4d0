"""The file of a backup: whole, secret, and checked before anything is believed."""

import io
import tarfile
from pathlib import Path

import pytest

from engines.archive import SECRETS, Backup, pack, unpack
from engines.copying import Content
from engines.protocol import EngineError

TABLES = {"orders.orders": Content(3, -7)}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    backup = Backup(folder, "2030-01-01T00:00:00+00:00", ("orders",), TABLES)
    backup.dump("orders").write_bytes(b"rows" * 1000)
    (folder / SECRETS).write_text('{"services/orders": {"key": "s3cret"}}')
    pack(backup, str(tmp_path / "backup.tar"))
    return tmp_path / "backup.tar"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "read"
    folder.mkdir()
    return folder


def test_what_is_packed_is_unpacked(packed: Path, empty: Path) -> None:
    backup = unpack(str(packed), empty)
    assert (backup.services, backup.tables, backup.made_at) == (("orders",), TABLES, "2030-01-01T00:00:00+00:00")
    assert backup.dump("orders").read_bytes() == b"rows" * 1000
    assert backup.secrets() == {"services/orders": {"key": "s3cret"}}


def test_nobody_else_can_read_it(packed: Path) -> None:
    assert packed.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in packed.parent.glob(".*")] == []


def test_a_changed_byte_is_noticed(packed: Path, empty: Path) -> None:
    with tarfile.open(packed) as tar:
        place = tar.getmember("orders.dump").offset_data + 17
    content = bytearray(packed.read_bytes())
    content[place] ^= 1
    packed.write_bytes(content)
    with pytest.raises(EngineError, match=r"nothing was restored: orders\.dump"):
        unpack(str(packed), empty)


@pytest.mark.parametrize("size", [0, 700, 3000])
def test_a_part_of_one_is_refused(packed: Path, empty: Path, size: int) -> None:
    packed.write_bytes(packed.read_bytes()[:size])
    with pytest.raises(EngineError, match="not a backup, or only a part"):
        unpack(str(packed), empty)


@pytest.mark.parametrize("name", ["../out", "/out", "a/b"])
def test_nothing_gets_out_of_the_folder(empty: Path, tmp_path: Path, name: str) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(EngineError, match="has no place in it"):
        unpack(str(evil), empty)


def test_a_file_that_is_not_there_is_named(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"cannot read the backup: .*nowhere"):
        unpack(str(tmp_path / "nowhere"), empty)
