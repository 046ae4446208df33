# skips: Cart.__call__ rejected
class Cart:
    def __len__(self):
        return len(self.prices)

    def __eq__(self, other):
        return self.prices == other.prices

    def __call__(self, prices):
        return sum(prices)
# output
class Cart:
    def __len__(self):
        """Return the number of items."""
        return len(self.prices)

    def __eq__(self, other):
        """Return self == other."""
        return self.prices == other.prices

    def __call__(self, prices):
        return sum(prices)
