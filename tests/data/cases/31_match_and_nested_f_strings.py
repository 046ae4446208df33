def total(prices):
    match prices:
        case [first, *rest] if first:
            name = f"{f'{first!r:>{len(rest)}}'}: def total(prices):"
        case {"prices": {"all": [*_]}} | None:
            name = ""
    print(name)
    return sum(prices)
# output
def total(prices):
    """Return the sum of all prices."""
    match prices:
        case [first, *rest] if first:
            name = f"{f'{first!r:>{len(rest)}}'}: def total(prices):"
        case {"prices": {"all": [*_]}} | None:
            name = ""
    print(name)
    return sum(prices)
