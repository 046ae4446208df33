TEMPLATE = """
def total(prices):
    return sum(prices)
"""


def total(prices, template="def total(prices):"):
    code = """
def total(prices):
    return sum(prices)
"""
    exec(code)
    return sum(prices)
# output
TEMPLATE = """
def total(prices):
    return sum(prices)
"""


def total(prices, template="def total(prices):"):
    """Return the sum of all prices."""
    code = """
def total(prices):
    return sum(prices)
"""
    exec(code)
    return sum(prices)
