# fmt: off
def total( prices ):
    return sum( prices )
# fmt: on


def total_of( prices ):  # fmt: skip
    return sum(prices)


# yapf: disable
def total_to(prices):
    return sum( prices )
# yapf: enable
# output
# fmt: off
def total( prices ):
    """Return the sum of all prices."""
    return sum( prices )
# fmt: on


def total_of( prices ):  # fmt: skip
    """Return the sum of all prices."""
    return sum(prices)


# yapf: disable
def total_to(prices):
    """Return the sum of all prices."""
    return sum( prices )
# yapf: enable
