# skips: command rejected, total runtime-docstring
def command(function):
    COMMANDS[function.__name__] = function.__doc__
    return function


@command
def total(prices):
    return sum(prices)


def total_of(prices):
    return sum(prices)
# output
def command(function):
    COMMANDS[function.__name__] = function.__doc__
    return function


@command
def total(prices):
    return sum(prices)


def total_of(prices):
    """Return the sum of all prices."""
    return sum(prices)
