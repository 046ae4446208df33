"""Post findings to GitHub, with the token and without reading code: Findings in, comments out.

It trusts nothing of what `analyse` found: each suggestion is compared with GitHub's own diff first.
It may import `review`'s own modules, `errors` and `repo.diff`, and never `review.analyse`.
"""
