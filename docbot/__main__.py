"""`python -m docbot`."""

import sys

from docbot.cli import main

sys.exit(main())
