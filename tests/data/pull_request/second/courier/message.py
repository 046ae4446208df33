"""One message."""

import time


class Message:
    """A text on its way to somebody."""

    def __init__(self, to, text):
        """Make an unread message."""
        self.to = to
        self.text = text
        self.read_at = None

    def mark_as_read(self):

        self.read_at = time.time()
        self.changed = True
