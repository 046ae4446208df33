# flags: {sections = "always"}
# complete: yes
# reply: {slot = "param prices", text = "the prices to sum."}
# reply: {slot = "returns", text = "the sum of the prices"}
def total(prices: list[int]) -> int:
    """Return the total."""
    return sum(prices)


def mean(prices: list[int]) -> int:
    """Return the mean.

    It is rounded down.
    """
    return sum(prices) // len(prices)


def known(prices: list[int]) -> int:
    """Return the total.

    Args:
        prices: What is summed up.

    Example:
        >>> known([1])
        1
    """
    return sum(prices)
# output
def total(prices: list[int]) -> int:
    """Return the total.

    Args:
        prices: The prices to sum.

    Returns:
        The sum of the prices.
    """
    return sum(prices)


def mean(prices: list[int]) -> int:
    """Return the mean.

    It is rounded down.

    Args:
        prices: The prices to sum.

    Returns:
        The sum of the prices.
    """
    return sum(prices) // len(prices)


def known(prices: list[int]) -> int:
    """Return the total.

    Args:
        prices: What is summed up.

    Returns:
        The sum of the prices.

    Example:
        >>> known([1])
        1
    """
    return sum(prices)
