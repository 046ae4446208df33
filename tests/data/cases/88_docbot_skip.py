# skips: total ignored, total_of ignored, total_to ignored, total_at ignored
# docbot: skip
def total(prices):
    return sum(prices)


def total_of(prices):  # docbot: skip
    return sum(prices)


@first  # docbot: skip
@second
def total_to(prices):
    return sum(prices)


def total_at(
    prices,
):  # docbot: skip
    return sum(prices)  # docbot: skip
def total_in(prices):
    return sum(prices)
# output
# docbot: skip
def total(prices):
    return sum(prices)


def total_of(prices):  # docbot: skip
    return sum(prices)


@first  # docbot: skip
@second
def total_to(prices):
    return sum(prices)


def total_at(
    prices,
):  # docbot: skip
    return sum(prices)  # docbot: skip
def total_in(prices):
    """Return the sum of all prices."""
    return sum(prices)
