# skips: * unparsable
def total(prices):
    print "the sum", sum(prices)
    return sum(prices)
