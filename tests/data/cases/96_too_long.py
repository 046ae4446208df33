# flags: { max-lines = 4 }
# skips: total too-long
def total(prices):
    result = 0
    for price in prices:
        result += price
    return result


def total_of(prices):
    result = sum(prices)
    return result
# output
def total(prices):
    result = 0
    for price in prices:
        result += price
    return result


def total_of(prices):
    """Return the sum of all prices."""
    result = sum(prices)
    return result
