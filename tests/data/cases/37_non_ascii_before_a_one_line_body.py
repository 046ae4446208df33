# skips: größe_total one-liner
größe = "日本"; sí = "é"
def größe_total(prices): return sum(prices)
def total(prices):  # é
    return sum(prices)
# output
größe = "日本"; sí = "é"
def größe_total(prices): return sum(prices)
def total(prices):  # é
    """Return the sum of all prices."""
    return sum(prices)
