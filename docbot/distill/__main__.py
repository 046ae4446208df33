"""Make an embedded model step by step, from Python packages to a GGUF file and its model card.

`python -m docbot.distill COMMAND --help` explains a step and lists its flags. All steps but recipe
share one working folder, named by --work.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from docbot.errors import DocbotError

COMMANDS = {
    "recipe": "corpus.recipe",
    "corpus": "corpus.extract",
    "teacher": "corpus.teacher",
    "train": "train.run",
    "export": "export",
    "examples": "adapt.examples",
    "adapt": "adapt.run",
    "sample": "judge.sample",
    "fit-score": "judge.fit",
    "evaluate": "evaluate.run",
    "cycle": "iterate.cycle",
    "soup": "train.soup",
    "card": "card.card",
}


def main(argv: list[str] | None = None) -> int:
    """Run one step and return the exit code.

    Only the module of that step is imported, since some need torch and others do not.

    Args:
        argv: The step's name and its flags; None for those of the command line.

    Returns:
        0 when the step is done, 2 after an error or when a package of the extra is missing.

    """
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m docbot.distill", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    name = parser.parse_args(argv[:1]).command
    try:
        module = importlib.import_module(f"docbot.distill.{COMMANDS[name]}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("docbot"):
            raise
        print(
            f"{error.name} is missing: pip install -e '.[train]' in a checkout of docbot",
            file=sys.stderr,
        )
        return 2
    step = argparse.ArgumentParser(
        prog=f"python -m docbot.distill {name}",
        description=(module.__doc__ or "").partition("\n")[0],
    )
    if name != "recipe":
        step.add_argument("--work", type=Path, required=True, help="the working folder")
    module.arguments(step)
    try:
        module.run(step.parse_args(argv[1:]))
    except DocbotError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
