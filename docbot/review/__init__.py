"""Review a pull request: two commits in, findings out, posted as comments, SARIF or text.

The half that holds the token (`post`) never reads code; the half that reads code (`analyse`) has no
token. They never import each other: findings as JSON are all that crosses between them.
It may import every lower package; only `commands.review` knows both halves.
"""
