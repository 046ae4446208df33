# skips: Cart.total override, Cart.total_of trivial
class Cart(Base):
    @override
    def total(self):
        return sum(self.prices)

    @abstractmethod
    def total_of(self):
        raise NotImplementedError

    @abc.abstractmethod
    def total_to(self):
        return sum(self.prices)
# output
class Cart(Base):
    @override
    def total(self):
        return sum(self.prices)

    @abstractmethod
    def total_of(self):
        raise NotImplementedError

    @abc.abstractmethod
    def total_to(self):
        """Return the sum of all prices."""
        return sum(self.prices)
