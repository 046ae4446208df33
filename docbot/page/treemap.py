"""Lay files out as a tree map: nested rectangles, each as large as it has definitions.

The rows are laid out as in "Squarified Treemaps" (Bruls, Huizing, van Wijk): near to squares. What
would be too small to see is drawn together, since a browser takes seconds for thousands of shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.page.folders import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDTH, HEIGHT = 1200.0, 560.0

SMALLEST = 420.0
"""The least area of a rectangle: at most 1,600 of them fit on the map."""

NARROWEST = 46.0
"""The least side of a folder whose files are drawn one by one."""

STRIP = 18.0
"""The height of the strip with a folder's name."""

GAP = 1.5
LETTER = 6.3
"""The width of a letter in a label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle of the map."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """A folder's frame, or a filled rectangle for files.

    Attributes:
        box: Where it is.
        path: The path of the file or folder; a folder's ends in a slash, and that of the top is "".
        what: What it stands for, for people.
        label: As much of its name as fits; "" for nothing.
        documented: How many definitions in it are documented.
        missing: How many lack a docstring.
        is_frame: Whether the tiles of what is in it follow.

    """

    box: Box
    path: str
    what: str
    label: str
    documented: int
    missing: int
    is_frame: bool = False

    @property
    def percent(self) -> float:
        """Return how many percent are documented."""
        return percent(self.documented, self.missing)

    @property
    def shade(self) -> int:
        """Return the shade from 0, nothing is documented, to 10, everything is."""
        return int(self.percent // 10)

    @property
    def has_percent(self) -> bool:
        """Check whether there is room for the coverage below the label."""
        return self.label != "" and self.box.height >= 2 * STRIP and not self.is_frame


@dataclass(kw_only=True, slots=True)
class _Node:
    """A file, or a folder with what is in it."""

    path: str
    documented: int = 0
    missing: int = 0
    children: dict[str, _Node] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.documented + self.missing

    def only_child(self) -> _Node | None:
        return next(iter(self.children.values())) if len(self.children) == 1 else None


def tree_map(counts: Iterable[tuple[str, int, int]]) -> list[Tile]:
    """Lay out files: the path of each, how many definitions are documented, how many are not."""
    root = _tree(counts)
    if not root.total:
        return []
    return list(_tiles(root, Box(x=0, y=0, width=WIDTH, height=HEIGHT)))


def _tree(counts: Iterable[tuple[str, int, int]]) -> _Node:
    root = _Node(path="")
    for path, documented, missing in counts:
        if not documented + missing:
            continue
        *folders, _name = path.split("/")
        nodes, above = [root], ""
        for folder in folders:
            above = f"{above}{folder}/"
            nodes.append(nodes[-1].children.setdefault(f"{folder}/", _Node(path=above)))
        nodes.append(nodes[-1].children.setdefault(path, _Node(path=path)))
        for node in nodes:
            node.documented += documented
            node.missing += missing
    return root


def _tiles(top: _Node, whole: Box) -> Iterator[Tile]:
    """Yield tiles, each folder's frame before what is in it."""
    waiting = [(top, whole, "")]
    while waiting:
        node, box, above = waiting.pop()
        while (child := node.only_child()) is not None and child.children:
            node = child  # a folder in which there is one folder alone
        name = node.path.removeprefix(above)
        if not node.children:
            yield _tile(node, box, node.path, name)
        elif node is not top and min(box.width, box.height) < NARROWEST:
            yield _tile(node, box, f"{node.path}, {_files(node)}", name)
        else:
            if node.path:
                yield _tile(node, box, node.path, name, is_frame=True)
            inner = _inset(box) if node.path else box
            area = inner.width * inner.height / node.total
            large, small = _by_size(node, SMALLEST / area)
            parts = [*large, small] if small.total else large
            boxes = list(_squarify([part.total * area for part in parts], inner))
            if small.total:
                files = f"{_files(small)} in {node.path or 'the top folder'}"
                yield _tile(small, boxes[-1], f"small: {files}", _files(small))
            inside = [(part, each, node.path) for part, each in zip(large, boxes, strict=False)]
            waiting += reversed(inside)


def _by_size(node: _Node, least: float) -> tuple[list[_Node], _Node]:
    """Return what is large enough to be drawn, largest first, and all the rest as one node."""
    children = node.children.values()
    large = [each for each in children if each.total >= least]
    large.sort(key=lambda each: (-each.total, each.path))
    rest = _Node(path=node.path)
    for each in children:
        if each.total < least:
            rest.children[each.path] = each
            rest.documented += each.documented
            rest.missing += each.missing
    return large, rest


def _files(top: _Node) -> str:
    """Return the number of files in a folder, in words."""
    count, waiting = 0, [top]
    while waiting:
        node = waiting.pop()
        count += not node.children
        waiting += node.children.values()
    return f"{count} file{'' if count == 1 else 's'}"


def _tile(node: _Node, box: Box, what: str, name: str, *, is_frame: bool = False) -> Tile:
    inner = Box(
        x=box.x + GAP / 2,
        y=box.y + GAP / 2,
        width=max(box.width - GAP, 0.5),
        height=max(box.height - GAP, 0.5),
    )
    return Tile(
        box=inner,
        path=node.path,
        what=what,
        label=_fitting(name, inner),
        documented=node.documented,
        missing=node.missing,
        is_frame=is_frame,
    )


def _fitting(name: str, box: Box) -> str:
    """Return as much of a name as fits into a box, "" where that would say little."""
    letters = int((box.width - 8) / LETTER)
    if box.height < STRIP - GAP - 0.1 or letters < min(len(name), 4):
        return ""
    return name if len(name) <= letters else f"{name[: letters - 1]}\u2026"


def _inset(box: Box) -> Box:
    """Return the room for what is in a folder, below the strip with its name."""
    return Box(
        x=box.x + GAP,
        y=box.y + STRIP,
        width=box.width - 2 * GAP,
        height=box.height - STRIP - GAP,
    )


def _squarify(areas: Sequence[float], box: Box) -> Iterator[Box]:
    """Yield a box for each area, largest first; together they fill the box."""
    rest = list(areas)
    while rest:
        side = min(box.width, box.height)
        row = [rest[0]]
        while len(row) < len(rest):
            longer = rest[: len(row) + 1]
            if _worst(longer, side) > _worst(row, side):
                break
            row = longer
        rest = rest[len(row) :]
        thickness = sum(row) / side if rest else max(box.width, box.height)
        yield from _row(row, box, thickness)
        if box.width >= box.height:
            box = Box(x=box.x + thickness, y=box.y, width=box.width - thickness, height=box.height)
        else:
            box = Box(x=box.x, y=box.y + thickness, width=box.width, height=box.height - thickness)


def _worst(row: Sequence[float], side: float) -> float:
    """Return the worst ratio of sides among the boxes of a row along a side."""
    whole = sum(row)
    return max(side * side * max(row) / whole**2, whole**2 / (side * side * min(row)))


def _row(row: Sequence[float], box: Box, thickness: float) -> Iterator[Box]:
    whole, at = sum(row), 0.0
    for area in row:
        share = area / whole
        if box.width >= box.height:
            yield Box(x=box.x, y=box.y + at, width=thickness, height=share * box.height)
            at += share * box.height
        else:
            yield Box(x=box.x + at, y=box.y, width=share * box.width, height=thickness)
            at += share * box.width
