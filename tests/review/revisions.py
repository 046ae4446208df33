"""Reviews of a repository's branch `topic` against `main`, with the embedded model or another."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

from docbot.cache import open_cache
from docbot.llm.protocol import Completion
from docbot.review.analyse.analyse import analyse
from docbot.review.analyse.inputs import ReviewRequest, open_revision
from docbot.review.findings_json import decode, encode
from docbot.select.inheritance import ParentIndex
from docbot.session import make_job, open_engines

BOX = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
LENGTH = '        """Return the number of items."""'


class Obeys:
    """A model that does what the code it is shown asks of it."""

    def __init__(self, text):
        self.text = text
        self.prompt_count = 0

    def complete(self, prompts):
        for index, _ in enumerate(prompts):
            self.prompt_count += 1
            yield index, Completion(text=self.text, logprob=0.0, tokens=9, ended=True)


@contextmanager
def opened(repo, out_of_time=lambda: False, **settings):
    request = ReviewRequest(root=repo.root, base="main", head="topic", settings=settings)
    cache = open_cache(on=False)
    with open_revision(request) as revision, open_engines(cache) as engine_of:
        yield (
            revision,
            make_job(
                revision.config,
                engine_of(revision.config),
                parents=ParentIndex(revision.outline_of, revision),
                style=revision.style_finder(),
                out_of_time=out_of_time,
            ),
        )


def findings_in(repo, *, backend=None, **settings):
    with opened(repo, **settings) as (revision, job):
        report = analyse(revision, job if backend is None else replace(job, backend=backend))
    assert decode(encode(report).encode()) == report
    return report


def applied(source, report):
    """The file as one click after the other makes it."""
    lines = source.split("\n")
    for one in sorted(report.findings, key=lambda f: -f.line):
        if one.suggestion:
            first, last = one.suggestion.first - 1, one.suggestion.last
            assert tuple(lines[first:last]) == one.suggestion.before
            lines[first:last] = one.suggestion.after
    return "\n".join(lines)
