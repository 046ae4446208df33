# skips: main runtime-docstring
from docopt import docopt


def main(prices):
    options = docopt(main.__doc__)
    return sum(prices)


def total(prices):
    return sum(prices)
# output
from docopt import docopt


def main(prices):
    options = docopt(main.__doc__)
    return sum(prices)


def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
