class Cart:
    def total(self):
        return sum(self.prices)


class Bill:
    def total(self):
        return sum(self.prices)
# output
class Cart:
    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)


class Bill:
    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)
