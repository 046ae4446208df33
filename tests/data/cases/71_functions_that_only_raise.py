# reply: { text = "Raise a ValueError for the total of the prices." }
# skips: total_of trivial
def total(prices):
    raise ValueError(prices)


def total_of(prices):
    raise NotImplementedError("later")
# output
def total(prices):
    """Raise a ValueError for the total of the prices."""
    raise ValueError(prices)


def total_of(prices):
    raise NotImplementedError("later")
