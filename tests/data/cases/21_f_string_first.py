def total(prices):
    f"""Add {prices} up."""
    return sum(prices)


def total_of(prices):
    "Add " f"{prices} up."
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    f"""Add {prices} up."""
    return sum(prices)


def total_of(prices):
    """Return the sum of all prices."""
    "Add " f"{prices} up."
    return sum(prices)
