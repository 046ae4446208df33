def total(prices):
    b"""Add them up."""
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    b"""Add them up."""
    return sum(prices)
