# flags: { include = ["private"] }
# reply: { of = "_total", text = "Return the sum of all prices." }
# reply: { text = "Return the sum of all prices." }
# skips: _total.<locals>.inner rejected
def _total(prices):
    def inner(prices):
        return sum(prices)

    return sum(prices)
# output
def _total(prices):
    """Return the sum of all prices."""

    def inner(prices):
        return sum(prices)

    return sum(prices)
