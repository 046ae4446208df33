# skips: Base.total_of trivial, Cart.total override
class Base:
    def total(self):
        """Add all prices up."""
        raise NotImplementedError

    def total_of(self):
        raise NotImplementedError


class Cart(Base):
    def total(self):
        return sum(self.prices)

    def total_of(self):
        return sum(self.prices)
# output
class Base:
    def total(self):
        """Add all prices up."""
        raise NotImplementedError

    def total_of(self):
        raise NotImplementedError


class Cart(Base):
    def total(self):
        return sum(self.prices)

    def total_of(self):
        """Return the sum of all prices."""
        return sum(self.prices)
