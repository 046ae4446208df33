# skips: total_of one-liner
def total(prices):
    result = sum(prices); return result


def total_of(prices): result = sum(prices); return result


class Cart: count = 0; prices = ()
# output
def total(prices):
    """Return the sum of all prices."""
    result = sum(prices); return result


def total_of(prices): result = sum(prices); return result


class Cart: count = 0; prices = ()
