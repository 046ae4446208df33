try:
    from shop import total
except ImportError:

    def total(prices):
        return sum(prices)

finally:

    def total_of(prices):
        return sum(prices)
# output
try:
    from shop import total
except ImportError:

    def total(prices):
        """Return the sum of all prices."""
        return sum(prices)

finally:

    def total_of(prices):
        """Return the sum of all prices."""
        return sum(prices)
