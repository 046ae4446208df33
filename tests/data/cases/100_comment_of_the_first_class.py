# flags: {kinds = ["module"]}
# reply: {of = "<module>", text = "A shop with carts of prices."}
#!/usr/bin/env python3

# Carts are for one customer.
class Cart:
    prices = ()
# output
#!/usr/bin/env python3

"""A shop with carts of prices."""


# Carts are for one customer.
class Cart:
    prices = ()
