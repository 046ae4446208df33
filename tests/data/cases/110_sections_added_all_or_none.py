# flags: {sections = "always"}
# complete: yes
# reply: {slot = "param prices", text = "the prices to sum."}
# reply: {slot = "param discount", text = "whatever it is.", confidence = 0.1}
# reply: {slot = "returns", text = "the sum of the prices"}
def total(prices: list[int], discount: int) -> int:
    """Return the total."""
    return sum(prices) - discount
# output
def total(prices: list[int], discount: int) -> int:
    """Return the total."""
    return sum(prices) - discount
