"""The static site from a plain file server, whole and with something missing."""

from pathlib import Path

from loadtests.proofs import fileserver


def test_the_site_is_files_that_any_server_gives(tmp_path: Path) -> None:
    files = fileserver.publish(tmp_path)

    with fileserver.python_file_server(tmp_path) as url:
        assert fileserver.not_served(url, files) == []
    assert fileserver.dangling(files) == []
    assert "/index.html" in files


def test_what_is_missing_or_another_is_seen(tmp_path: Path) -> None:
    files = fileserver.publish(tmp_path)
    script = next(path for path in files if path.endswith(".js"))
    style = next(path for path in files if path.endswith(".css"))
    (tmp_path / script.lstrip("/")).unlink()
    (tmp_path / style.lstrip("/")).write_text("body{}")

    with fileserver.python_file_server(tmp_path) as url:
        wrong = fileserver.not_served(url, files)
    assert {each.partition(":")[0] for each in wrong} == {script, style}


def test_a_site_that_needs_the_app_for_its_pages_is_seen() -> None:
    files = {"/index.html": b'<script src="/rendered/app.js"></script>', "/a.css": b"a{background:url(b.png)}"}

    assert fileserver.dangling(files) == ["/index.html → /rendered/app.js", "/a.css → b.png"]


def test_a_server_that_is_away_serves_nothing(tmp_path: Path) -> None:
    files = fileserver.publish(tmp_path)

    assert len(fileserver.not_served("http://127.0.0.1:9", files)) == len(files) + 1
