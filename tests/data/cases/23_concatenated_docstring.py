def total(prices):
    "Add them " "up."
    return sum(prices)


def total_of(prices):
    """Add""" \
        """ them up."""
    return sum(prices)
