# flags: {stale = "fix"}
# reply: {slot = "param discount", text = "the discount on the sum of prices."}
class Cart:
    """Hold things."""

    def total(self, prices: list[int], taxes: int, discount: int = 0) -> int:
        """Return the total.

        Parameters
        ----------
        prices : list[int]
            What is summed up.
        taxes : int
            What is added.
        """
        return sum(prices) + taxes - discount

    def __len__(self):
        return 1
# output
class Cart:
    """Hold things."""

    def total(self, prices: list[int], taxes: int, discount: int = 0) -> int:
        """Return the total.

        Parameters
        ----------
        prices : list[int]
            What is summed up.
        taxes : int
            What is added.
        discount : int
            The discount on the sum of prices.
        """
        return sum(prices) + taxes - discount

    def __len__(self):
        """Return the number of items."""
        return 1
