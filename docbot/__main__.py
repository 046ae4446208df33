"""The command: `docbot`, and `python -m docbot`."""

import sys


def main() -> int:
    """Run docbot, or as little of it as the arguments need; its exit code."""
    try:
        from docbot.scan.quick import all_documented

        if all_documented(sys.argv[1:]):
            return 0
        from docbot import cli

        code = cli.main()
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all that is left is Python's own end
    except BaseException as error:
        from docbot.errors import is_interrupt

        if not is_interrupt(error):
            raise
        # Ctrl-C while docbot was being imported; `cli.main` catches any that comes later.
        from docbot.commands.exit_codes import INTERRUPTED, INTERRUPTION
        from docbot.commands.streams import print_message

        print_message(INTERRUPTION)
        code = INTERRUPTED
    return code


if __name__ == "__main__":  # worker processes import this file
    sys.exit(main())
