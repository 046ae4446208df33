def total(prices):
    try:
        return sum(prices)
    except TypeError:
        raise
    except (KeyError, ValueError) as error:
        raise error from None
# output
def total(prices):
    """Return the sum of all prices."""
    try:
        return sum(prices)
    except TypeError:
        raise
    except (KeyError, ValueError) as error:
        raise error from None
