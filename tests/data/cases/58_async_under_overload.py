# skips: total overload, total overload
@typing.overload
async def total(prices: list[int]) -> int: ...


@typing.overload
async def total(prices: list[float]) -> float: ...


async def total(prices):
    return sum(prices)
# output
@typing.overload
async def total(prices: list[int]) -> int: ...


@typing.overload
async def total(prices: list[float]) -> float: ...


async def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
