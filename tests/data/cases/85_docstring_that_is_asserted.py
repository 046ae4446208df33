# skips: total runtime-docstring
def total(prices):
    assert total.__doc__ is None or __debug__
    return sum(prices)
