# flags: {sections = "always"}
# reply: {slot = "param prices", text = "the prices to sum."}
# reply: {slot = "param discount", text = "the discount on the sum of prices."}
# reply: {slot = "returns", text = "the sum of the prices"}
# reply: {slot = "raises ValueError", text = "if there are no prices."}
def total(prices: list[int], *, discount: int = 0) -> int:
    if not prices:
        raise ValueError
    return sum(prices) - discount
# output
def total(prices: list[int], *, discount: int = 0) -> int:
    """Return the sum of all prices.

    Args:
        prices: The prices to sum.
        discount: The discount on the sum of prices.

    Returns:
        The sum of the prices.

    Raises:
        ValueError: If there are no prices.
    """
    if not prices:
        raise ValueError
    return sum(prices) - discount
