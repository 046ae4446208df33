"""Read and write a recipe, the list of the packages that a corpus is made of.

It is a requirements file, pinned and hashed, with each package's licence in a comment:

    numpy==2.4.1 --hash=sha256:0f11... # BSD-3-Clause

`pip download --require-hashes` reads it as it is, so the model is trained on exactly what the file
names. `python -m docbot.distill recipe --wheels DIR` prints one for the wheels of a folder; it
leaves out every package that is held out or whose licence is copyleft or not stated.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from docbot.distill.corpus.decontamination import HoldOutReason, load, normalise_name
from docbot.errors import DocbotError

if TYPE_CHECKING:
    import argparse

RECIPE = Path(__file__).parents[3] / "models" / "docbot-tiny" / "packages.txt"
TAGS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux1")
TARGET = ["--python-version=311", "--platform=any", *(f"--platform={tag}_x86_64" for tag in TAGS)]
PARALLEL_DOWNLOADS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package of a recipe: one line of the file."""

    name: str
    version: str
    sha256: str
    licence: str

    @property
    def line(self) -> str:
        """Return the package's line in the recipe."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256} # {self.licence}"


def read_recipe(path: Path) -> tuple[Package, ...]:
    """Read the packages of a recipe, in its order.

    Raises:
        DocbotError: the file cannot be read, or a line is not pinned and hashed.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocbotError(f"{path}: cannot be read ({error.strerror})") from error
    packages = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise DocbotError(
                f"{path}, line {number}: is not 'name==version --hash=sha256:... # licence'"
            )
        packages.append(Package(**match.groupdict()))
    return tuple(packages)


def download(package: Package, folder: Path) -> Path | None:
    """Download a package's wheel into a folder, unless it is there already.

    Returns:
        The wheel's path; None when pip finds no such wheel.

    Raises:
        DocbotError: the wheel that is there has another hash than the recipe's.

    """
    stem = re.sub(r"[-_.]+", "_", package.name).lower()
    for wheel in folder.glob("*.whl"):
        name, version = wheel.name.split("-")[:2]
        if (name.lower(), version) == (stem, package.version):
            if hashlib.sha256(wheel.read_bytes()).hexdigest() != package.sha256:
                raise DocbotError(f"{wheel}: is not the file the recipe names; delete it")
            return wheel
    folder.mkdir(parents=True, exist_ok=True)
    requirement = folder / f"{stem}.requirement"
    requirement.write_text(package.line + "\n", encoding="utf-8")
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", *TARGET]
    command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}"]
    command.append(f"--requirement={requirement}")
    process = subprocess.run(command, check=False, capture_output=True, text=True)
    requirement.unlink()
    return download(package, folder) if process.returncode == 0 else None


def download_all(packages: tuple[Package, ...], folder: Path) -> list[tuple[Package, Path | None]]:
    """Download every package's wheel, several at once.

    Returns:
        Each package with its wheel as `download` returns it, in the given order.

    """
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        return list(zip(packages, pool.map(lambda p: download(p, folder), packages), strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """A wheel's own statements about its name, version, licence and URLs."""

    name: str
    version: str
    licence: str
    urls: tuple[str, ...]


def read_metadata(wheel: Path) -> Metadata:
    """Read name, version, licence and URLs from a wheel's METADATA.

    Raises:
        DocbotError: the file is no wheel.

    """
    try:
        with ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            text = archive.read(name).decode("utf-8", "replace")
    except (BadZipFile, StopIteration, OSError) as error:
        raise DocbotError(f"{wheel}: is no wheel; delete it and download it again") from error
    headers = HeaderParser().parsestr(text)
    classifiers = [
        value.rpartition("::")[2].strip()
        for value in headers.get_all("Classifier", [])
        if value.startswith("License ::")
    ]
    licence = headers.get("License-Expression") or " or ".join(
        c for c in classifiers if c != "OSI Approved"
    )
    return Metadata(
        name=normalise_name(headers["Name"]),
        version=headers["Version"],
        licence=" ".join((licence or headers.get("License", "")).split())[:60],
        urls=(headers.get("Home-page", ""), *headers.get_all("Project-URL", [])),
    )


def is_permissive(licence: str) -> bool:
    """Check whether a licence asks for no more than attribution.

    "", a licence that is not stated, counts as not permissive.
    """
    return bool(_PERMISSIVE.search(licence)) and not _COPYLEFT.search(licence)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `recipe` to a parser."""
    parser.add_argument("--wheels", type=Path, required=True, help="folder of downloaded wheels")


def run(options: argparse.Namespace) -> None:
    """Print a recipe line for each wheel, or why it is left out.

    Raises:
        DocbotError: a file of the folder is no wheel.

    """
    held_out = load()
    for wheel in sorted(options.wheels.glob("*.whl"), key=lambda path: path.name.lower()):
        metadata = read_metadata(wheel)
        package = Package(
            name=metadata.name,
            version=metadata.version,
            sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
            licence=metadata.licence,
        )
        reason: HoldOutReason | str | None = held_out.check_package(metadata.name, metadata.urls)
        if reason is None and not is_permissive(metadata.licence):
            reason = metadata.licence or "no licence told"
        if reason is None:
            print(package.line)
        else:
            print(f"# left out: {metadata.name}: {getattr(reason, 'value', reason)}")


_LINE = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64}) # (?P<licence>.+)"
)
_PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|HPND|Historical|Zlib|Unlicense|CC0|ZPL"
    r"|Zope|0BSD|Public Domain|CNRI|NCSA)\b",
    re.IGNORECASE,
)
_COPYLEFT = re.compile(r"GPL|General Public|MPL|Mozilla|EUPL|CeCILL|CDDL|EPL|SSPL", re.IGNORECASE)
