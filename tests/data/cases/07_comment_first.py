def total(prices):
    # prices: all of them
    return sum(prices)


def total_at_margin(prices):
# at the margin
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    # prices: all of them
    return sum(prices)


def total_at_margin(prices):
    """Return the sum of all prices."""
# at the margin
    return sum(prices)
