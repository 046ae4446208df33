# flags: {sections = "always"}
# complete: yes
# reply: {slot = "param prices", text = "the prices to sum."}
# reply: {slot = "returns", text = "the sum of the prices"}
class Cart:
    """Hold things."""

    def total(self, prices: list[int]) -> int:
        r'''Return the total \d.

        Returns
        -------
        int
            The total.

        Notes
        -----
        It is fast.'''
        return sum(prices)

    def both(self, prices: list[int]) -> int: "Return the total."; return sum(prices)

    def plain(self, prices: list[int]) -> int:
        'Return the total.'
        return sum(prices)

    @property
    def size(self) -> int:
        """Return the size."""
        return len(self.prices)
# output
class Cart:
    """Hold things."""

    def total(self, prices: list[int]) -> int:
        r'''Return the total \d.

        Parameters
        ----------
        prices
            The prices to sum.

        Returns
        -------
        int
            The total.

        Notes
        -----
        It is fast.'''
        return sum(prices)

    def both(self, prices: list[int]) -> int: "Return the total."; return sum(prices)

    def plain(self, prices: list[int]) -> int:
        'Return the total.'
        return sum(prices)

    @property
    def size(self) -> int:
        """Return the size."""
        return len(self.prices)
