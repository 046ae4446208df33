# flags: {kinds = ["class"]}
# reply: {of = "Cart", text = "A cart object."}
# reply: {of = "Basket", text = "A basket of bananas."}
# skips: Cart rejected, Basket rejected
class Cart:
    prices = ()


class Basket:
    prices = ()
