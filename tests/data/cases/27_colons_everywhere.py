def total(prices: "list[int]: all", rates={"a": 1}, key=lambda x: x[1:2]) -> {"a": int}:
    return sum(prices[1:])


def total_of(prices: dict[str, int] = {":": 1}, *, cut: slice = slice(1, 2)) -> Callable[[int], int]:
    return sum(prices)
# output
def total(prices: "list[int]: all", rates={"a": 1}, key=lambda x: x[1:2]) -> {"a": int}:
    """Return the sum of all prices."""
    return sum(prices[1:])


def total_of(prices: dict[str, int] = {":": 1}, *, cut: slice = slice(1, 2)) -> Callable[[int], int]:
    """Return the sum of all prices."""
    return sum(prices)
