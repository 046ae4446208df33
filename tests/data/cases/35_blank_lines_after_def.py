def total(prices):

    return sum(prices)


def total_of(prices):



    # all of them

    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)


def total_of(prices):
    """Return the sum of all prices."""
    # all of them

    return sum(prices)
