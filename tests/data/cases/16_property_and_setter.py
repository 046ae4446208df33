# skips: Cart.total accessor, Cart.total accessor
class Cart:
    @property
    def total(self):
        return sum(self.prices)

    @total.setter
    def total(self, prices):
        self.prices = list(prices)

    @total.deleter
    def total(self):
        del self.prices[:]
# output
class Cart:
    @property
    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)

    @total.setter
    def total(self, prices):
        self.prices = list(prices)

    @total.deleter
    def total(self):
        del self.prices[:]
