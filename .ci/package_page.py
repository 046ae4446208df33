"""Make the README fit for the package index, where relative links lead nowhere.

hatchling runs this when it builds docbot. A link becomes one to the repository at this version's
tag, if `[project.urls]` says where the repository is (`Source`); else only its text remains.
"""

from __future__ import annotations

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

PARTS = re.compile(
    r"(?P<code>^```.*?^```$|`[^`\n]*`)"
    r"|(?P<mark>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)",
    re.MULTILINE | re.DOTALL,
)
ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)


def page(readme: str, source: str, version: str) -> str:
    """Return the README without relative links.

    Args:
        readme: Its text.
        source: The repository's address, or "".
        version: The version that is built; its tag is `v` and this.

    """

    def rewrite(match: re.Match[str]) -> str:
        target = match["target"]
        if match["code"] or ABSOLUTE.match(target):
            return match[0]
        if not source:
            return match["text"] if not match["mark"] else f"*{match['text']}*"
        kind = "raw" if match["mark"] else "blob"
        return f"{match['mark']}[{match['text']}]({source.rstrip('/')}/{kind}/v{version}/{target})"

    return PARTS.sub(rewrite, readme)


class PackagePage(MetadataHookInterface):
    """Gives the project its page."""

    def update(self, metadata: dict) -> None:
        """Set the page in the project's metadata."""
        readme = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        source = metadata.get("urls", {}).get("Source", "")
        text = page(readme, source, metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
