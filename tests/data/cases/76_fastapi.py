# skips: total runtime-docstring
from fastapi import APIRouter

router = APIRouter()


@router.get("/total/{cart}")
async def total(cart: int, prices: list[int]):
    return sum(prices)


async def total_of(prices: list[int]):
    return sum(prices)
# output
from fastapi import APIRouter

router = APIRouter()


@router.get("/total/{cart}")
async def total(cart: int, prices: list[int]):
    return sum(prices)


async def total_of(prices: list[int]):
    """Return the sum of all prices."""
    return sum(prices)
