# skips: total runtime-docstring, total_of runtime-docstring
from langchain_core.tools import tool


@tool
def total(prices: list[int]) -> int:
    return sum(prices)


def total_of(prices):
    return sum(prices)


TOOL = StructuredTool.from_function(total_of)
