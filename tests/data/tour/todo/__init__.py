"""Keep a list of what is to be done."""
