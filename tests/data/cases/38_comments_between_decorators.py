# above
@first  # one
# between
@second("x")  # two

# a blank line, too
def total(prices):
    return sum(prices)
# output
# above
@first  # one
# between
@second("x")  # two

# a blank line, too
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
