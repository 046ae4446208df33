import doctest


def total(prices):
    """
    >>> total([1, 2])
    3
    """
    return sum(prices)


def total_of(prices):
    return sum(prices)


if __name__ == "__main__":
    doctest.testmod()
# output
import doctest


def total(prices):
    """
    >>> total([1, 2])
    3
    """
    return sum(prices)


def total_of(prices):
    """Return the sum of all prices."""
    return sum(prices)


if __name__ == "__main__":
    doctest.testmod()
