# skips: Cart.total.<locals>.build private, Cart.total.<locals>.build.<locals>.Inner.total private
class Cart:
    def total(self):
        def build():
            class Inner:
                def total(self):
                    return sum(self.prices)

            return Inner()

        return sum(self.prices)
# output
class Cart:
    def total(self):
        """Return the sum of all prices."""

        def build():
            class Inner:
                def total(self):
                    return sum(self.prices)

            return Inner()

        return sum(self.prices)
