"""What Outlook wants."""


def subject(message):
    """Return the first line, which Outlook shows alone."""
    return message.text.partition("\n")[0]


def count_words(text):
    words = text.split()
    return len(words)
