"""Remembered answers: the same as fresh ones, in any company, and no model where all are known."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys

import pytest

from docbot.cache import ANSWER, Cache
from docbot.config import Config
from docbot.llm import completion_cache as answers
from docbot.llm.batching import open_backend
from docbot.llm.completion_cache import CachedBackend, decode, encode, engine_id
from docbot.llm.protocol import Completion, Prompt
from docbot.llm.weights import resolve


def prompt(words):
    return Prompt(head="<|function|>", body=words, tail="<|sum|>", keep=160, keep_end=True)


WORDS = ["name read file path return read text", "name add item self append item items"]
WORDS += [f"name get value {n} return value" for n in range(6)]


class Counting:
    """A backend with canned replies that notes what it was asked."""

    def __init__(self, slots=3):
        self.bodies = []
        self.calls = 0
        self.slots = slots

    def complete(self, prompts):
        self.calls += 1
        numbered = enumerate(prompts)
        while batch := list(itertools.islice(numbered, self.slots)):
            self.bodies += [each.body for _, each in batch]
            for index, each in reversed(batch):
                yield index, Completion(text=each.body.upper(), logprob=-0.1, tokens=2, ended=True)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def cached(inner, cache, who=b"model"):
    return CachedBackend(inner, cache, lambda: who)


@pytest.mark.parametrize(
    "completion",
    [
        Completion(text="", logprob=0.0, tokens=1, ended=False),
        Completion(
            text="Größe\n\x00\u2028 \U0001f600 \ufffd", logprob=-0.1 - 0.2, tokens=9, ended=True
        ),
        Completion(text="x", logprob=-math.inf, tokens=1, ended=True),
        Completion(
            text="a",
            logprob=math.nextafter(-1.5, 0),
            tokens=3,
            ended=True,
            others=tuple(
                Completion(text=t, logprob=-1 / 3, tokens=n, ended=False)
                for n, t in enumerate("bc", 1)
            ),
        ),
    ],
)
def test_a_completion_comes_back_to_the_last_bit(completion):
    assert decode(encode(completion)) == completion
    assert decode(encode(completion)).logprob.hex() == completion.logprob.hex()


@pytest.mark.parametrize("candidates", [1, 3])
def test_what_docbot_tiny_says_is_the_same_from_the_cache(cache, candidates):
    config = Config(candidates=candidates, threads=1)
    weights = resolve(config.model, config.prompt_format)
    prompts = [prompt(words) for words in WORDS]
    with open_backend(weights, config) as backend:
        fresh = dict(backend.complete(prompts))
        first = dict(cached(backend, cache).complete(prompts))
        mixed = dict(cached(backend, cache).complete([*prompts[:3], prompt("new"), *prompts[3:]]))
    backend = Counting()
    second = dict(cached(backend, cache).complete(prompts))
    assert first == second == fresh
    assert [mixed[n] for n in (0, 1, 2, 4, 5, 6, 7, 8)] == [fresh[n] for n in range(8)]
    assert (backend.calls, backend.bodies) == (0, [])
    assert all(len(each.others) < candidates for each in fresh.values())


def test_only_what_is_unknown_is_asked_and_each_answer_goes_to_its_prompt(cache):
    names = [f"p{n}" for n in range(400)]
    first_names = [name for n, name in enumerate(names) if n % 7 and not 100 <= n < 300]
    first = Counting()
    assert len(dict(cached(first, cache).complete(map(prompt, first_names)))) == len(first_names)
    second = Counting()
    completions = dict(cached(second, cache).complete(map(prompt, names)))
    assert {n: each.text for n, each in completions.items()} == {n: f"P{n}" for n in range(400)}
    assert second.bodies == [name for name in names if name not in first_names]
    third = Counting()
    assert dict(cached(third, cache).complete(map(prompt, names))) == completions
    assert third.calls == 0


def test_known_answers_do_not_wait_for_the_end_of_the_prompts(cache):
    names = [f"p{n}" for n in range(2000)]
    list(cached(Counting(), cache).complete(map(prompt, names[1:])))
    pulled = []

    def prompts():
        for name in names:
            pulled.append(name)
            yield prompt(name)

    stream = cached(Counting(), cache).complete(prompts())
    for count in range(1, 500):
        next(stream)
        assert len(pulled) - count <= answers.HITS + 1
    stream.close()


def test_prompts_are_pulled_when_there_is_room_for_them(cache):
    pulled = []

    def prompts():
        for n in range(10):
            pulled.append(n)
            yield prompt(str(n))

    stream = cached(Counting(slots=2), cache).complete(prompts())
    next(stream)
    assert pulled == [0, 1]
    stream.close()


def test_a_stream_that_is_left_has_stored_what_was_answered(cache):
    stream = cached(Counting(), cache).complete(map(prompt, "abcdef"))
    for _ in range(2):
        next(stream)
    stream.close()
    assert cache.info().entries[ANSWER] == 2


OTHERS = [
    {"head": "<|class|>"},
    {"body": "name b"},
    {"tail": ""},
    {"keep": 161},
    {"keep_end": False},
    {"stop": ("\n",)},
]


@pytest.mark.parametrize("changed", OTHERS, ids=lambda changed: next(iter(changed)))
def test_any_other_prompt_is_another_question(cache, changed):
    same = {"head": "<|function|>", "body": "name a", "tail": "t", "keep": 160, "keep_end": True}
    list(cached(Counting(), cache).complete([Prompt(**same)]))
    again = Counting()
    list(cached(again, cache).complete([Prompt(**{**same, **changed})]))
    assert len(again.bodies) == 1


def test_another_model_sampling_context_or_engine_is_another_question(cache, monkeypatch):
    plain = engine_id("aa", Config(), 320)
    assert engine_id("aa", Config(threads=7, min_confidence=0.1, style="numpy"), 320) == plain
    others = [
        engine_id("ab", Config(), 320),
        engine_id("aa", Config(), 321),
        engine_id("aa", Config(max_tokens=9), 320),
        engine_id("aa", Config(candidates=2), 320),
    ]
    monkeypatch.setattr(answers, "_processor", lambda: "another")
    others.append(engine_id("aa", Config(), 320))
    assert len({plain, *others}) == 6
    list(cached(Counting(), cache, plain).complete([prompt("a")]))
    for other in others:
        again = Counting()
        list(cached(again, cache, other).complete([prompt("a")]))
        assert len(again.bodies) == 1


def test_a_second_run_loads_no_model(tmp_path):
    source = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"
    (tmp_path / "a.py").write_text(source)
    code = (
        "import json, sys\nfrom docbot import cli\n"
        "code = cli.main(['fix', '--diff', '--min-confidence', '0', *sys.argv[1:], 'a.py'])\n"
        "print(json.dumps([code, 'docbot.llm.binding' in sys.modules]))\n"
    )

    def run(*flags):
        result = subprocess.run(
            [sys.executable, "-c", code, *flags], cwd=tmp_path, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        *patch, last = result.stdout.splitlines()
        return patch, json.loads(last)

    patch, message = run()
    assert message[1]
    assert run() == (patch, [message[0], False])
    assert run("--no-cache") == (patch, message)
    assert run("--max-tokens", "40") == (patch, message)
