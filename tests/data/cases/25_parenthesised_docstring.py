def total(prices):
    ("Add them up.")
    return sum(prices)


def total_of(prices):
    (
        "Add "
        # all of
        "them up."
    )
    return sum(prices)
