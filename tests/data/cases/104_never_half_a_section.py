# flags: {sections = "always"}
# reply: {slot = "param prices", text = "the prices to sum."}
# reply: {slot = "param discount", text = "the discount of the database."}
# reply: {slot = "returns", text = "the sum of the prices."}
# reply: {slot = "raises ValueError", text = "if there are no prices."}
def total(prices: list[int], *, discount: int = 0) -> int:
    if not prices:
        raise ValueError
    return sum(prices) - discount
# output
def total(prices: list[int], *, discount: int = 0) -> int:
    """Return the sum of all prices."""
    if not prices:
        raise ValueError
    return sum(prices) - discount
