def total(prices: list[int], discount: int = 0) -> int:
    if not prices:
        raise ValueError
    return sum(prices) - discount
# output
def total(prices: list[int], discount: int = 0) -> int:
    """Return the sum of all prices."""
    if not prices:
        raise ValueError
    return sum(prices) - discount
