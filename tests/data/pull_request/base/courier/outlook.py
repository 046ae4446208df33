"""What Outlook wants."""


def subject(message):
    """Return the first line, which Outlook shows alone."""
    return message.text.partition("\n")[0]
