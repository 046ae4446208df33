def total(prices):
    # type: (list) -> int
    return sum(prices)


def total_of(prices,  # type: list
             ):
    # type: (...) -> int
    return sum(prices)
# output
def total(prices):
    # type: (list) -> int
    """Return the sum of all prices."""
    return sum(prices)


def total_of(prices,  # type: list
             ):
    # type: (...) -> int
    """Return the sum of all prices."""
    return sum(prices)
