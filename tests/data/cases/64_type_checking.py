# skips: total stub
if TYPE_CHECKING:

    def total(prices: list[int]) -> int: ...

else:

    def total(prices):
        return sum(prices)
# output
if TYPE_CHECKING:

    def total(prices: list[int]) -> int: ...

else:

    def total(prices):
        """Return the sum of all prices."""
        return sum(prices)
