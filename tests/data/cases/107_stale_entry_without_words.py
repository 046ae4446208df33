# flags: {stale = "fix"}
# reply: {slot = "param discount", text = "the discount.", confidence = 0.1}
def total(prices, taxes, discount):
    """Return the total.

    Args:
        prices: What is summed up.
        taxes: What is added.
    """
    return sum(prices) + taxes - discount
# output
def total(prices, taxes, discount):
    """Return the total.

    Args:
        prices: What is summed up.
        taxes: What is added.
    """
    return sum(prices) + taxes - discount
