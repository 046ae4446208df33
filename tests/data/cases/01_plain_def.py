def total(prices):
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
