# reply: { text = "Raise a ValueError for the total of the prices." }
# skips: total_of trivial, sum_of unasked
def total(prices):
    raise ValueError(prices)


def total_of(prices):
    raise NotImplementedError("later")


def sum_of(prices):
    message = f"no sum of {prices}"
    raise NotImplementedError(message)
# output
def total(prices):
    """Raise a ValueError."""
    raise ValueError(prices)


def total_of(prices):
    raise NotImplementedError("later")


def sum_of(prices):
    message = f"no sum of {prices}"
    raise NotImplementedError(message)
