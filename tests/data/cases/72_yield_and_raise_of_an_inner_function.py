# skips: total.<locals>.inner private
def total(prices):
    def inner():
        yield from prices
        raise ValueError(prices)

    return sum(inner())
# output
def total(prices):
    """Return the sum of all prices."""

    def inner():
        yield from prices
        raise ValueError(prices)

    return sum(inner())
