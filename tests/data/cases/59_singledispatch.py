# skips: _ private, total_list overload
@functools.singledispatch
def total(prices):
    return sum(prices)


@total.register(dict)
def _(prices):
    return sum(prices.values())


@total.register
def total_list(prices: list):
    return sum(prices)
# output
@functools.singledispatch
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)


@total.register(dict)
def _(prices):
    return sum(prices.values())


@total.register
def total_list(prices: list):
    return sum(prices)
