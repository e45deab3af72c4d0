"""Make the storefront ready for a CDN: every asset under an address that names its version.

    python3 publish.py dist [--api-origin https://api.example.com]

`public/` works as it is, each file asked for again when it may have changed. In what this writes, `assets/` has become
`v/<hash of all of it>/`, which may be kept for ever. Modules name each other relatively, so `index.html` is the only
file that has to know. Earlier versions in `dist` stay: a tab that was opened yesterday still finds its modules.
"""

import argparse
import hashlib
import os
import shutil
from pathlib import Path

PUBLIC = Path(__file__).parent / "public"
SELF_ONLY = "default-src 'self';"


def version_of(assets: Path) -> str:
    """A hash of the names and contents of all files in `assets`."""
    digest = hashlib.sha256()
    for file in sorted(path for path in assets.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(assets).as_posix()}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def publish(out: Path, *, api_origin: str = "") -> str:
    """Write the site into the folder `out` and return its version. Without `api_origin`, `/api` is the site's own."""
    version = version_of(PUBLIC / "assets")
    for source in PUBLIC.iterdir():
        if source.is_file():
            out.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, out / source.name)
    shutil.copytree(PUBLIC / "assets", out / "v" / version, dirs_exist_ok=True)
    index = (PUBLIC / "index.html").read_text(encoding="utf-8")
    (out / "index.html").write_text(_with(index, version=version, api_origin=api_origin), encoding="utf-8")
    return version


def _with(index: str, *, version: str, api_origin: str) -> str:
    index = index.replace('"/assets/', f'"/v/{version}/')
    if not api_origin:
        return index
    allowed = f"{SELF_ONLY} connect-src 'self' {api_origin}; img-src 'self' {api_origin};"
    return index.replace('name="api-origin" content=""', f'name="api-origin" content="{api_origin}"').replace(
        SELF_ONLY, allowed
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, help="the folder to write into")
    parser.add_argument("--api-origin", default=os.environ.get("API_ORIGIN", ""), help="default: API_ORIGIN, or none")
    arguments = parser.parse_args()
    version = publish(arguments.out, api_origin=arguments.api_origin.rstrip("/"))
    print(f"{arguments.out}: version {version}")


if __name__ == "__main__":
    main()
