import argparse


def total(prices):
    parser = argparse.ArgumentParser(description=__doc__)
    return sum(parser.parse_args().prices)
# output
import argparse


def total(prices):
    """Return the sum of all prices."""
    parser = argparse.ArgumentParser(description=__doc__)
    return sum(parser.parse_args().prices)
