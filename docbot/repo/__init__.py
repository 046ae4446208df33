"""Read and write a repository: paths or revisions go in; files, facts and changed lines come out.

It may import errors, config, cache, parallel, scan and select; only `git_command` runs git.
"""
