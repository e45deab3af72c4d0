"""What a CDN gets."""

import re
import runpy
from pathlib import Path

STOREFRONT = Path(__file__).parents[2]
MODULE = runpy.run_path(str(STOREFRONT / "publish.py"))
publish, version_of = MODULE["publish"], MODULE["version_of"]


def test_every_asset_has_its_version_in_its_address(tmp_path: Path) -> None:
    version = publish(tmp_path)
    named = re.findall(r'(?:href|src)="(/[^"]+)"', (tmp_path / "index.html").read_text())
    assert f"/v/{version}/js/main.js" in named
    assert [path for path in named if not (tmp_path / path[1:]).is_file()] == []
    assert [path for path in named if path.startswith("/assets/")] == []


def test_no_asset_names_another_by_an_absolute_address() -> None:
    assets = (STOREFRONT / "public" / "assets").rglob("*.*")
    assert [path.name for path in assets if "/assets/" in path.read_text()] == []


def test_another_content_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = version_of(tmp_path)
    assert version_of(tmp_path) == first
    (tmp_path / "a.js").write_text("2")
    second = version_of(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({first, second, version_of(tmp_path)}) == 3


def test_earlier_versions_stay(tmp_path: Path) -> None:
    earlier = tmp_path / "v" / "earlier" / "js" / "main.js"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("// yesterday")
    publish(tmp_path)
    assert earlier.read_text() == "// yesterday"


def test_the_origin_of_the_api_is_one_setting(tmp_path: Path) -> None:
    publish(tmp_path, api_origin="https://api.example.com")
    index = (tmp_path / "index.html").read_text()
    assert '<meta name="api-origin" content="https://api.example.com" />' in index
    assert "connect-src 'self' https://api.example.com;" in index
    assert "img-src 'self' https://api.example.com;" in index


def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    index = (STOREFRONT / "public" / "index.html").read_text()
    assert re.findall(r'(?:href|src)="(?!/|#)[^"]*"', index) == []
    assert re.findall(r"<style|style=|<script(?![^>]+src=)|\son\w+=", index) == []
