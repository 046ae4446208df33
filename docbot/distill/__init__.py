"""Make an embedded model: Python packages go in, a small GGUF file and its model card come out.

The steps are the packages corpus, train, evaluate, iterate and card, and the module export. They
may import every other package of docbot; none imports distill. All need the extra `docbot[train]`.
"""
