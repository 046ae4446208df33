# python: 3.14
def total(prices):
    try:
        return sum(prices)
    except TypeError, ValueError:
        return 0
# output
def total(prices):
    """Return the sum of all prices."""
    try:
        return sum(prices)
    except TypeError, ValueError:
        return 0
