def total(parameters, returns, args, raises, prices):
    return sum(prices)
# output
def total(parameters, returns, args, raises, prices):
    """Return the sum of all prices."""
    return sum(prices)
