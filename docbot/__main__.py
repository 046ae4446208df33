"""The command: `docbot`, and `python -m docbot`."""

import sys

from docbot.scan.quick import all_documented


def main() -> int:
    """Run docbot, or as little of it as the arguments need; its exit code."""
    if all_documented(sys.argv[1:]):
        return 0
    from docbot import cli

    return cli.main()


if __name__ == "__main__":  # worker processes import this file
    sys.exit(main())
