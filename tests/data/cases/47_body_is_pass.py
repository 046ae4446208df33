# skips: total trivial, total_of trivial
def total(prices):
    pass


def total_of(prices):
    return None
