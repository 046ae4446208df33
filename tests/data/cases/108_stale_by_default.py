def total(prices, rate):
    """Return the total.

    Args:
        prices: What is summed up.
        tax: The share to add.
    """
    return sum(prices) * rate
# output
def total(prices, rate):
    """Return the total.

    Args:
        prices: What is summed up.
        tax: The share to add.
    """
    return sum(prices) * rate
