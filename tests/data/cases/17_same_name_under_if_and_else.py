if sys.version_info >= (3, 12):

    def total(prices):
        return sum(prices)

else:

    def total(prices):
        return sum(list(prices))
# output
if sys.version_info >= (3, 12):

    def total(prices):
        """Return the sum of all prices."""
        return sum(prices)

else:

    def total(prices):
        """Return the sum of all prices."""
        return sum(list(prices))
