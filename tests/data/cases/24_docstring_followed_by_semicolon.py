def total(prices):
    """Add them up."""; result = sum(prices)
    return result


def total_of(prices): """Add them up."""; return sum(prices)
