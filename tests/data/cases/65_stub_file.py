# path: shop.pyi
# skips: total stub, total_of stub
def total(prices: list[int]) -> int: ...
def total_of(prices: list[int]) -> int:
    return sum(prices)
