def total(prices):  # pragma: no cover
    return sum(prices)


if __name__ == "__main__":  # pragma: no cover

    def total_of(prices):  # pragma: no branch
        return sum(prices)
# output
def total(prices):  # pragma: no cover
    """Return the sum of all prices."""
    return sum(prices)


if __name__ == "__main__":  # pragma: no cover

    def total_of(prices):  # pragma: no branch
        """Return the sum of all prices."""
        return sum(prices)
