class Cart:
    prices = ()
    """All of them."""

    def total(self):
        return sum(self.prices)


TOTAL = 0
"""So far."""


def total(prices):
    count: int = 0
    """How many."""
    return sum(prices)
# output
class Cart:
    prices = ()
    """All of them."""

    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)


TOTAL = 0
"""So far."""


def total(prices):
    """Return the sum of all prices."""
    count: int = 0
    """How many."""
    return sum(prices)
