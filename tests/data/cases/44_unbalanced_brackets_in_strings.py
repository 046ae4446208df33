def total(prices, opening="([{", closing=")]}:"):
    return sum(prices)
# output
def total(prices, opening="([{", closing=")]}:"):
    """Return the sum of all prices."""
    return sum(prices)
