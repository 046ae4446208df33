"""Make an embedded model: corpus, train, export, evaluate. Needs the extra `docbot[train]`."""
