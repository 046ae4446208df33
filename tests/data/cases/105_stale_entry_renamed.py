# flags: {stale = "fix"}
def total(prices, taxes):
    """Return the total.

    Args:
        prices: What is summed up.
        tax: The share to add.
    """
    return sum(prices) * taxes
# output
def total(prices, taxes):
    """Return the total.

    Args:
        prices: What is summed up.
        taxes: The share to add.
    """
    return sum(prices) * taxes
