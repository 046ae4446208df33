"""Choose what to document: a file's definitions go in, Targets and Skips come out.

`rules` holds the whole policy, `skip` the reasons that users see.
It may import `errors`, `config` and `scan`.
"""
