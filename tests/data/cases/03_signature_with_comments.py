def total(
    prices,  # list: all of them
    discount=0,  # float: def total(prices):
    *,
    currency="EUR",  # return: sum
):  # -> number: yes
    return sum(prices) - discount
# output
def total(
    prices,  # list: all of them
    discount=0,  # float: def total(prices):
    *,
    currency="EUR",  # return: sum
):  # -> number: yes
    """Return the sum of all prices."""
    return sum(prices) - discount
