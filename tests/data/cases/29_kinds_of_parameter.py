def total(first, /, prices, *more, discount=0, **options):
    return sum(prices)


def total_of(*, prices):
    return sum(prices)
# output
def total(first, /, prices, *more, discount=0, **options):
    """Return the sum of all prices."""
    return sum(prices)


def total_of(*, prices):
    """Return the sum of all prices."""
    return sum(prices)
