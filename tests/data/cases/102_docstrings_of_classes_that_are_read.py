# flags: {kinds = ["class"]}
# reply: {text = "A cart with prices."}
# skips: Base runtime-docstring, Cart runtime-docstring
from pydantic import BaseModel


class Base(BaseModel):
    rate: int = 1


class Cart(Base):
    prices: tuple[int, ...] = ()
