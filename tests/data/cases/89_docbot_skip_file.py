# skips: * ignored
# docbot: skip-file


def total(prices):
    return sum(prices)
