@(lambda function: function)
def total(prices):
    return sum(prices)


@register(
    key=lambda price: (
        price.total
    ),
    name="def total(prices):",
)
def total_of(prices):
    return sum(prices)


@shops[0].totals["x"]
def total_to(prices):
    return sum(prices)


@(  # why
    shop
    .total
)
def total_at(prices):
    return sum(prices)
# output
@(lambda function: function)
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)


@register(
    key=lambda price: (
        price.total
    ),
    name="def total(prices):",
)
def total_of(prices):
    """Return the sum of all prices."""
    return sum(prices)


@shops[0].totals["x"]
def total_to(prices):
    """Return the sum of all prices."""
    return sum(prices)


@(  # why
    shop
    .total
)
def total_at(prices):
    """Return the sum of all prices."""
    return sum(prices)
