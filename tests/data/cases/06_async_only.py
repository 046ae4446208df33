async def total(prices):
    async with lock:
        return sum([price async for price in prices])


class Cart:
    async def total(self):
        return await sum(self.prices)
# output
async def total(prices):
    """Return the sum of all prices."""
    async with lock:
        return sum([price async for price in prices])


class Cart:
    async def total(self):
        """Return the sum of all prices."""
        return await sum(self.prices)
