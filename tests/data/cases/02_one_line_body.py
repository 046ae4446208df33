# reply: { text = "Return the sum of all prices.", confidence = 0.9 }
# skips: total one-liner, Cart.total one-liner, Cart.later one-liner
def total(prices): return sum(prices)


class Cart:
    def total(self): return sum(self.prices)
    async def later(self): return await self.sum()


def after(prices):
    total = sum(prices)
    return total
# output
def total(prices): return sum(prices)


class Cart:
    def total(self): return sum(self.prices)
    async def later(self): return await self.sum()


def after(prices):
    """Return the sum of all prices."""
    total = sum(prices)
    return total
