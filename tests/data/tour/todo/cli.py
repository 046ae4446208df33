"""The command line."""

import argparse

from todo.store import Store


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    store = Store(parser.parse_args(argv).path)
    _send_message(print, "todo", f"{len(store)} tasks")


def _send_message(client, channel, text):
    client(f"{channel}: {text}")
