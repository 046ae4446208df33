# skips: Cart.count rejected
class Cart:
    @functools.cache
    @other("total")
    def total(self):
        return sum(self.prices)

    def count(self):
        return self.prices.count()
# output
class Cart:
    @functools.cache
    @other("total")
    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)

    def count(self):
        return self.prices.count()
