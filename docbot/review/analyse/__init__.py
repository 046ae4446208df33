"""Read the code of a pull request, without a token: a base and a head commit in, Findings out.

It runs in a process of its own, with a cleaned environment and limits (`sandbox`), reads git
objects and never the work tree. It may import every lower package, and never `review.post`.
"""
