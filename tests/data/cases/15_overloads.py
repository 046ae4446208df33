# skips: total overload, total overload
@overload
def total(prices: list[int]) -> int: ...
@overload
def total(prices: list[float]) -> float:
    return sum(prices)
def total(prices):
    return sum(prices)
# output
@overload
def total(prices: list[int]) -> int: ...
@overload
def total(prices: list[float]) -> float:
    return sum(prices)
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
