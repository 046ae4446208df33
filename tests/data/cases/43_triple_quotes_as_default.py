def total(prices, quote='"""', other="'''"):
    return sum(prices)


def total_of(prices, text="""
    def total(prices):
    """):
    return sum(prices)
# output
def total(prices, quote='"""', other="'''"):
    """Return the sum of all prices."""
    return sum(prices)


def total_of(prices, text="""
    def total(prices):
    """):
    """Return the sum of all prices."""
    return sum(prices)
