"""`python -m docbot`."""

import sys

from docbot.cli import main

if __name__ == "__main__":  # worker processes import this file
    sys.exit(main())
