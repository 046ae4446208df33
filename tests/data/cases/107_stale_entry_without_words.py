# flags: {stale = "fix"}
# reply: {slot = "param discount", text = "the discount.", confidence = 0.1}
def total(prices, discount):
    """Return the total.

    Args:
        prices: What is summed up.
    """
    return sum(prices) - discount
# output
def total(prices, discount):
    """Return the total.

    Args:
        prices: What is summed up.
    """
    return sum(prices) - discount
