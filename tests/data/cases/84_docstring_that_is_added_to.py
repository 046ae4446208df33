# skips: total runtime-docstring
def total(prices):
    return sum(prices)


def total_of(prices):
    return sum(prices)


total.__doc__ += "More."
total_of.__doc__ = "Other."
# output
def total(prices):
    return sum(prices)


def total_of(prices):
    """Return the sum of all prices."""
    return sum(prices)


total.__doc__ += "More."
total_of.__doc__ = "Other."
