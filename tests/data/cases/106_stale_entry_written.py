# flags: {stale = "fix"}
# reply: {slot = "param discount", text = "the discount on the sum of prices."}
class Cart:
    """Hold things."""

    def total(self, prices: list[int], discount: int = 0) -> int:
        """Return the total.

        Parameters
        ----------
        prices : list[int]
            What is summed up.
        """
        return sum(prices) - discount

    def __len__(self):
        return 1
# output
class Cart:
    """Hold things."""

    def total(self, prices: list[int], discount: int = 0) -> int:
        """Return the total.

        Parameters
        ----------
        prices : list[int]
            What is summed up.
        discount : int
            The discount on the sum of prices.
        """
        return sum(prices) - discount

    def __len__(self):
        """Return the number of items."""
        return 1
