# python: 3.12
def total(prices):
    print(f"{", ".join(f"{price:{">"}{10}}" for price in prices)}")
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    print(f"{", ".join(f"{price:{">"}{10}}" for price in prices)}")
    return sum(prices)
