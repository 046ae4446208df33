# python: 3.14
def total(prices):
    print(t"{prices}: def total(prices):")
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    print(t"{prices}: def total(prices):")
    return sum(prices)
