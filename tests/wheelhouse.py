"""A package index on loopback, with a wheel made of what is installed here: nothing is built."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
"""What pip adds; RECORD is written anew."""


def pack(project: str, folder: Path) -> Path:
    """Make a wheel of an installed distribution that is in site-packages alone."""
    installed = distribution(project)
    files = [file for file in installed.files or () if file.suffix != ".pyc"]
    assert all(file.parts[0] != ".." for file in files)
    info = next(file.parts[0] for file in files if file.parts[0].endswith(".dist-info"))
    names = [file.as_posix() for file in files if file.name not in LEFT_OUT]
    marks = dict(
        line.split(": ", 1)
        for line in (installed.read_text("WHEEL") or "").splitlines()
        if ": " in line
    )
    stem = info.removesuffix(".dist-info")
    path = folder / f"{stem}-{marks['Tag']}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in names:
            archive.write(installed.locate_file(name), name)
        archive.writestr(
            f"{info}/RECORD", "".join(f"{name},,\n" for name in [*names, f"{info}/RECORD"])
        )
    return path


def unbuildable(project: str, version: str, folder: Path) -> Path:
    """Make an sdist that tells its name and version, and fails to build."""
    stem = f"{project.replace('-', '_')}-{version}"
    path = folder / f"{stem}.tar.gz"
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "broken"\n'
        'backend-path = ["."]\n',
        "broken.py": "raise SystemExit('there is no compiler')\n",
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments, asked: list[str], **keywords) -> None:
        self.asked = asked
        super().__init__(*arguments, **keywords)

    def log_message(self, *_: object) -> None:
        self.asked.append(self.path)


@contextmanager
def serve_index(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder with a folder for each project; its address, and the paths asked for.

    The layout is that of PEP 503: names are in lower case with hyphens, each has a page of links.
    """
    for project in (each for each in root.iterdir() if each.is_dir()):
        links = "".join(
            f'<a href="{file.name}">{file.name}</a><br>\n' for file in project.iterdir()
        )
        (project / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>\n")
    asked: list[str] = []
    handler = partial(_Handler, asked=asked, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


def bytes_below(folder: Path) -> int:
    """Bytes of the files below a folder, without following links."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
