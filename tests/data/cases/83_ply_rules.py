# skips: p_total runtime-docstring
from ply import lex, yacc


def t_NUMBER(token):
    r"\d+"
    return int(token)


def p_total(prices):
    return sum(prices)


def total(prices):
    return sum(prices)
# output
from ply import lex, yacc


def t_NUMBER(token):
    r"\d+"
    return int(token)


def p_total(prices):
    return sum(prices)


def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
