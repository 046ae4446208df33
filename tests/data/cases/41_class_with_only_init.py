# skips: Cart.__init__ constructor
class Cart:
    def __init__(self, prices):
        self.prices = sorted(prices)
