# reply: { text = "Return the sum of all prices." }
# reply: { of = "is_even", text = "Check whether the count is even." }
# reply: { of = "is_odd", text = "Check whether the count is odd.", confidence = 0.1 }
# skips: is_odd unsure
def total(prices):
    return prices[0] + total(prices[1:]) if prices else sum(prices)


def is_even(count):
    return count == 0 or is_odd(count - 1)


def is_odd(count):
    return count == 1 or is_even(count - 1)
# output
def total(prices):
    """Return the sum of all prices."""
    return prices[0] + total(prices[1:]) if prices else sum(prices)


def is_even(count):
    """Check whether the count is even."""
    return count == 0 or is_odd(count - 1)


def is_odd(count):
    return count == 1 or is_even(count - 1)
