# reply: { text = "Return the sum of all prices." }
# reply: { of = "total_of", text = "Return the sum of all prices." }
# skips: total.<locals>.inner private, total_of.<locals>.inner private
def total(prices):
    @functools.wraps(sum)
    def inner(values):
        return sum(values)

    return inner(prices)


def total_of(prices):
    # comment first
    def inner(values):
        return sum(values)

    return inner(prices)


def total_in(prices):

    class Inner:
        pass

    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""

    @functools.wraps(sum)
    def inner(values):
        return sum(values)

    return inner(prices)


def total_of(prices):
    """Return the sum of all prices."""

    # comment first
    def inner(values):
        return sum(values)

    return inner(prices)


def total_in(prices):
    """Return the sum of all prices."""

    class Inner:
        pass

    return sum(prices)
