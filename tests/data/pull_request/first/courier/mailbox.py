"""Mailboxes and what waits in them."""


class Mailbox:
    """Messages that wait for their reader."""

    def __init__(self, owner):
        """Make an empty mailbox."""
        self.owner = owner
        self.messages = []
        self.listeners = []

    def oldest(self):
        return min(self.messages, key=lambda message: message.sent)

    def take(self, count):
        """Take out that many messages, the oldest first."""
        taken, self.messages = self.messages[:count], self.messages[count:]
        return taken

    def push(self, message):
        self.messages.append(message)
        for listener in self.listeners:
            listener(self, message)

    def remove_listener(self, listener):
        if listener in self.listeners:
            self.listeners.remove(listener)
