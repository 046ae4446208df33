def total(prices):  # type: ignore[no-untyped-def]
    return sum(prices)  # noqa: RET


def total_of(prices):  # noqa: E704
    return sum(prices)  # type: ignore


def total_to(  # pylint: disable=unused
    prices,  # noqa: ANN001
):  # fmt: skip
    return sum(prices)
# output
def total(prices):  # type: ignore[no-untyped-def]
    """Return the sum of all prices."""
    return sum(prices)  # noqa: RET


def total_of(prices):  # noqa: E704
    """Return the sum of all prices."""
    return sum(prices)  # type: ignore


def total_to(  # pylint: disable=unused
    prices,  # noqa: ANN001
):  # fmt: skip
    """Return the sum of all prices."""
    return sum(prices)
