# reply: { text = "Yield the prices of all carts." }
def prices_of(carts):
    for cart in carts:
        if not cart:
            return
        yield cart.prices
# output
def prices_of(carts):
    """Yield the prices of all carts."""
    for cart in carts:
        if not cart:
            return
        yield cart.prices
