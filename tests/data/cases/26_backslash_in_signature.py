def total(prices, \
          discount=0):
    return sum(prices) - discount


def \
    total_of(prices):
    return sum(prices)
# output
def total(prices, \
          discount=0):
    """Return the sum of all prices."""
    return sum(prices) - discount


def \
    total_of(prices):
    """Return the sum of all prices."""
    return sum(prices)
