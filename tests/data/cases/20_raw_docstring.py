def total(prices):
    r"""Add \d up."""
    return sum(prices)


def total_of(prices):
    R'''Add \d up.'''
    return sum(prices)
