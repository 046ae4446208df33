"""The embedded model, really run: one context for many prompts, the same words whoever shares it.

The figures in models/LOG.md: `DOCBOT_PROMPTS=200 pytest tests/llm/test_batching.py -k same -rP`.
"""

from __future__ import annotations

import ast
import dataclasses
import gc
import itertools
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from docbot.config import Config
from docbot.errors import ConfigError, ModelError
from docbot.llm import llama, sampling
from docbot.llm.batching import MOST_CANDIDATES, LlamaCpp, open_backend
from docbot.llm.protocol import Completion, Prompt
from docbot.llm.weights import resolve
from docbot.prompt.context import Context
from docbot.prompt.linearize import function
from docbot.scan.definition import Definition, Kind
from docbot.select.skip import Target

TINY = resolve("docbot-tiny", "")
HEAD = "<|function|>"
COUNT = int(os.environ.get("DOCBOT_PROMPTS", "30"))


def ask(body: str, **changes: object) -> Prompt:
    fields = {"head": HEAD, "tail": "<|sum|>", "keep": 150, "keep_end": True}
    return Prompt(**{**fields, "body": body, **changes})  # type: ignore[arg-type]


def functions(count: int) -> list[Prompt]:
    """Prompts over functions of the standard library, always the same ones."""
    candidates = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-h]*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef) and len(node.body) > 2:
                node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
                candidates.append(node)
    sample = random.Random(7).sample(candidates, count)
    return [ask(function(context(node))) for node in sample]


def context(node: ast.FunctionDef) -> Context:
    lines = (node.lineno, node.end_lineno or node.lineno)
    own = Definition(
        qualname=node.name, name=node.name, kind=Kind.FUNCTION, line=node.lineno, lines=lines,
        code=ast.unparse(node),
    )  # fmt: skip
    return Context(target=Target(definition=own))


def tiny(**changes: int) -> LlamaCpp:
    fields = {"context": TINY.context, "max_tokens": 48, "threads": 0}
    return LlamaCpp(TINY.path, **{**fields, **changes})


def control(llama, token: str) -> list[int]:
    return llama.tokenize(token.encode(), add_bos=False, special=True)


@contextmanager
def timed(what: str, count: int):
    """Write prompts a second, by the clock and by the processor, to the captured output."""
    start, cpu = time.perf_counter(), time.process_time()
    yield
    speed = count / (time.perf_counter() - start)
    thrift = count / (time.process_time() - cpu)
    sys.stdout.write(f"{what}: {count} prompts, {speed:.1f}/s, {thrift:.1f}/CPU s\n")


@pytest.fixture(scope="module")
def prompts():
    return functions(COUNT)


@pytest.fixture(scope="module")
def backend():
    with tiny(slots=8, threads=1) as shared:
        yield shared


@pytest.fixture(scope="module")
def finished(backend, prompts):
    return list(backend.complete(prompts))


@pytest.fixture(scope="module")
def answers(finished):
    return dict(finished)


# the same words


def test_every_prompt_is_answered_once_and_slots_are_refilled(finished, prompts, answers):
    indexes = [index for index, _ in finished]
    assert sorted(indexes) == list(range(len(prompts)))
    assert indexes != sorted(indexes), "no result waits for a slower neighbour"
    for answer in answers.values():
        assert 1 <= answer.tokens <= 48
        assert answer.logprob < 0
        assert answer.ended or answer.tokens == 48
        assert "<|" not in answer.text


@pytest.mark.parametrize(("slots", "threads", "ahead"), [(1, 2, 0), (32, 2, 0), (32, 2, 256)])
def test_text_and_logprob_are_the_same_for_any_batch(prompts, answers, slots, threads, ahead):
    order = random.Random(slots).sample(range(len(prompts)), len(prompts))
    with tiny(slots=slots, threads=threads, ahead=ahead) as other:
        list(other.complete(prompts[:1]))
        with timed(f"{slots} slots, {threads} threads, {ahead} ahead", len(order)):
            got = dict(other.complete(prompts[index] for index in order))
    assert {order[place]: answer for place, answer in got.items()} == answers


def test_words_are_the_same_as_the_high_level_class_says(prompts, answers):
    from llama_cpp import Llama

    llama = Llama(str(TINY.path), n_ctx=320, n_threads=2, verbose=False, flash_attn=True)
    head, tail = (control(llama, each) for each in (HEAD, "<|sum|>"))
    some = prompts[: max(30, COUNT // 2)]
    texts = []
    with timed("llama_cpp.Llama, 2 threads", len(some)):
        for prompt in some:
            body = llama.tokenize(prompt.body.encode(), add_bos=False, special=False)
            out: list[int] = []
            for token in llama.generate([*head, *body[-150:], *tail], top_k=1, temp=0.0):
                if token == llama.token_eos() or len(out) == 48:
                    break
                out.append(token)
            texts.append(llama.detokenize(out).decode())
    llama.close()
    # The class keeps what two prompts in a row have in common: it reads in other portions.
    ties = [index for index, text in enumerate(texts) if text != answers[index].text]
    sys.stdout.write(f"{len(ties)} of {len(some)} answers differ by a numeric tie\n")
    assert len(ties) <= len(some) // 100


def test_logprob_is_that_of_a_softmax_in_double_precision(backend):
    import numpy as np
    from llama_cpp import Llama

    prompt = ask(" return a + b ; | | a , b , | | | add")
    ((_, answer),) = backend.complete([prompt])
    llama = Llama(str(TINY.path), n_ctx=320, verbose=False, flash_attn=True, logits_all=True)
    head, tail = (control(llama, each) for each in (HEAD, "<|sum|>"))
    start = [*head, *llama.tokenize(prompt.body.encode(), add_bos=False), *tail]
    out = [*llama.tokenize(answer.text.encode(), add_bos=False), llama.token_eos()]
    assert len(out) == answer.tokens
    llama.eval([*start, *out])
    scores = llama.scores[len(start) - 1 : len(start) + len(out) - 1].astype(np.float64)
    logprobs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    expected = sum(logprobs[row, token] for row, token in enumerate(out))
    llama.close()
    assert answer.logprob == pytest.approx(expected, rel=0.01)


def test_a_long_shared_head_changes_nothing(prompts):
    head = HEAD + " the number of items in the list" * 4
    shared = [ask(p.body, head=head, keep=90) for p in prompts[:12]]
    with tiny(slots=4) as many, tiny(slots=1) as one:
        together = dict(many.complete(shared))
        assert together == dict(one.complete(shared))
        alone = next(iter(many.complete(shared[5:6])))[1]
        other = next(iter(many.complete([ask(shared[5].body, head=HEAD * 30)])))[1]
    assert together[5] == alone
    assert other.logprob != alone.logprob, "the cached head was the wrong one"
    joined = ask("", head=head + shared[5].body, tail="<|sum|>")
    with tiny(slots=1) as one:
        ((_, answer),) = one.complete([joined])
    assert answer.text == alone.text
    assert answer.logprob == pytest.approx(alone.logprob, rel=0.02)


def test_slots_of_one_body_decode_it_once_and_say_the_same_in_any_company(prompts, monkeypatch):
    tails = ("<|sum|>", " name<|sum|>", " value<|sum|>")
    bodies = [dataclasses.replace(prompt, shared=True) for prompt in prompts[:6]]
    slots = [dataclasses.replace(body, tail=tail) for body in bodies for tail in tails]
    sizes: list[int] = []
    decode = llama.Engine.decode

    def counting(engine, rows):
        sizes.append(len(rows))
        decode(engine, rows)

    with tiny(slots=1) as one:
        alone = dict(one.complete(slots))
    with tiny(slots=8, ahead=64) as many:
        order = random.Random(1).sample(range(len(slots)), len(slots))
        mixed = dict(many.complete([slots[at] for at in order] + prompts[:5]))
        monkeypatch.setattr(llama.Engine, "decode", counting)
        grouped = dict(many.complete(slots))
    assert grouped == alone
    assert {order[place]: mixed[place] for place in range(len(slots))} == alone
    whole = [size for size in sizes if size > 16]
    assert len(whole) == 6, "a body was decoded more than once"
    with tiny(slots=1) as one:
        plain = dict(one.complete([dataclasses.replace(slot, shared=False) for slot in slots]))
    assert sum(plain[at].text == alone[at].text for at in plain) >= len(plain) - 1


# several candidates


@pytest.fixture(scope="module")
def candidate_answers(prompts):
    with tiny(slots=8, threads=1, candidates=4) as several:
        return dict(several.complete(prompts[:20]))


def test_the_greedy_answer_is_the_same_whatever_is_drawn_beside_it(candidate_answers, answers):
    for index, answer in candidate_answers.items():
        assert dataclasses.replace(answer, others=()) == answers[index]


@pytest.mark.parametrize("slots", [4, 32])
def test_candidates_are_the_same_for_any_batch(prompts, candidate_answers, slots):
    order = random.Random(slots).sample(range(len(candidate_answers)), len(candidate_answers))
    with tiny(slots=slots, threads=2, candidates=4) as other:
        got = dict(other.complete(prompts[index] for index in order))
        alone = [next(iter(other.complete([prompts[index]])))[1] for index in order[:3]]
    assert {order[place]: answer for place, answer in got.items()} == candidate_answers
    assert alone == [candidate_answers[index] for index in order[:3]]


def test_candidates_are_distinct_and_have_the_models_own_probabilities(
    backend, prompts, candidate_answers
):
    assert sum(len(answer.others) for answer in candidate_answers.values()) > 2 * len(
        candidate_answers
    )
    for answer in candidate_answers.values():
        texts = [answer.text, *(other.text for other in answer.others)]
        assert len(set(texts)) == len(texts) <= 4
        assert all(other.others == () for other in answer.others)
    index, other = next((i, o) for i, a in candidate_answers.items() for o in a.others if o.ended)
    ((_, score),) = backend.score([(prompts[index], other.text)])
    if score.tokens == other.tokens:  # a text may have been spelt in other tokens
        assert score.logprob == pytest.approx(other.logprob, abs=1e-2)


def test_more_candidates_keep_the_first_ones(prompts, candidate_answers):
    with tiny(candidates=2) as two:
        for index, answer in two.complete(prompts[:5]):
            assert {o.text for o in answer.others} <= {
                o.text for o in candidate_answers[index].others
            }


def test_a_draw_follows_the_tempered_probabilities(backend):
    engine = backend._ready()
    head, tail = (engine.tokenize(each, special=True) for each in (HEAD, "<|sum|>"))
    (row,) = engine.prefill([llama.SlotPrompt([0], head, tail)])
    logits = (engine.logits(row).logprobs() / sampling.TEMPERATURE).tolist()
    likely = sorted(range(len(logits)), key=lambda token: -logits[token])[: sampling.TOP_K]
    weights = [math.exp(logits[token]) for token in likely]
    points = [(number + 0.5) / 2000 for number in range(2000)]
    tokens = [sampling.draw(engine.logits(row), engine.end, point).id for point in points]
    shares = [tokens.count(token) / len(tokens) for token in likely]
    positive_shares = [share for share in shares if share]
    assert 1 < len(positive_shares) <= sampling.TOP_K, "the cut keeps some, not all"
    assert set(tokens) == set(likely[: len(positive_shares)]), "the likeliest ones"
    total = sum(weights[: len(positive_shares)])
    assert positive_shares == pytest.approx(
        [weight / total for weight in weights[: len(positive_shares)]], abs=2e-3
    )
    assert total >= sampling.TOP_P * sum(weights) > sum(weights[: len(positive_shares) - 1])
    least = sampling.draw(engine.logits(row), engine.end, 0.0)
    assert least.id == sampling.greedy(engine.logits(row), engine.end).id == likely[0]


@pytest.mark.parametrize("candidates", [0, -1, MOST_CANDIDATES + 1])
def test_a_number_of_candidates_that_makes_no_sense_is_an_error(candidates):
    with pytest.raises(ConfigError, match=f"'candidates' must be 1 to {MOST_CANDIDATES}"):
        tiny(candidates=candidates)


def test_a_long_context_has_room_for_all_candidates(prompts):
    with tiny(context=4096, slots=1, candidates=3) as long:
        ((_, answer),) = long.complete(prompts[:1])
    assert len(answer.others) == 2


# how likely a given answer is


def test_a_completions_own_text_scores_what_the_completion_had(backend, prompts, answers):
    complete = {index: answer for index, answer in answers.items() if answer.ended}
    items = [(prompts[index], answer.text) for index, answer in complete.items()]
    scores = dict(backend.score(items))
    assert list(scores) == list(range(len(items)))
    same = 0
    for score, answer in zip(scores.values(), complete.values(), strict=True):
        if score.tokens == answer.tokens:  # else the text was spelt in other tokens
            same += 1
            assert score.logprob == pytest.approx(answer.logprob, abs=1e-3 * answer.tokens)
            assert score.lowest == pytest.approx(answer.lowest, abs=1e-2)
            assert answer.logprob <= answer.lowest < 0
    assert same > 0.9 * len(complete)


def test_another_answer_is_less_likely_and_a_shared_prompt_changes_nothing(backend, prompts):
    texts = [" return the name.", "", " zebra xylophone quantum." * 9, " return the name."]
    items = [(prompt, text) for prompt in prompts[:4] for text in texts]
    together = [score for _, score in backend.score(items)]
    alone = [next(iter(backend.score([item])))[1] for item in items]
    assert together == alone
    for start in range(0, len(together), 4):
        plain, empty, odd, again = together[start : start + 4]
        assert plain == again
        assert empty.tokens == 1
        assert odd.tokens <= 48
        assert odd.logprob / odd.tokens < plain.logprob / plain.tokens


def test_few_slots_score_the_same_but_for_the_last_digits(backend, prompts, answers):
    items = [(prompts[index], answers[index].text) for index in range(10)]
    with tiny(slots=1, max_tokens=40) as one:
        assert [s.logprob for _, s in one.score(items)] == pytest.approx(
            [s.logprob for _, s in backend.score(items)], abs=1e-2
        )


def test_scoring_takes_turns_with_completing(backend, prompts, answers):
    scores = backend.score([(prompts[0], " x")] * 2)
    next(scores)
    with pytest.raises(RuntimeError, match="one complete"):
        next(backend.complete(prompts))
    scores.close()
    assert dict(backend.complete(prompts[:3])) == {i: answers[i] for i in range(3)}


# prompts of every size


@pytest.mark.parametrize(
    "prompt",
    [
        ask(""),
        ask(" x"),
        ask("", head="", tail=""),
        ask(" return self", head="", tail=""),
        ask("", tail=""),
        ask(" x", keep=0),
        ask(" word" * 50_000, keep=10_000),
        ask(" word" * 50_000, keep=10_000, keep_end=False),
        ask("a" * 300_000),
        ask("\x00\ud800 é 漢字 \U0001f600"),
    ],
    ids=["empty", "one token", "nothing", "no head", "head only", "keep 0", "long", "long start",
         "long word", "odd characters"],
)  # fmt: skip
def test_a_prompt_of_any_size_is_answered(backend, prompt):
    ((index, answer),) = backend.complete([prompt])
    assert index == 0
    assert answer.tokens >= 1
    assert math.isfinite(answer.logprob)


def test_the_cut_keeps_the_asked_end(backend):
    engine = backend._ready()
    words = [" get", " set", " list", " name", " value", " path", " key", " return", " if"] * 3
    assert all(len(engine.tokenize(word, special=False)) == 1 for word in words)
    body = "".join(words)
    cut = [ask(body, keep=20), ask(body, keep=20, keep_end=False)]
    same = [ask("".join(words[-20:])), ask("".join(words[:20]))]
    answers = dict(backend.complete([*cut, *same]))
    assert [answers[0], answers[1]] == [answers[2], answers[3]]
    assert answers[0] != answers[1]


def test_a_body_that_is_too_long_ends_where_it_may(backend):
    words = [" get", " set", " list", " name", " value", " path", " key", " return", " if"] * 3
    body = "".join(words)
    ends = tuple(len("".join(words[:count])) for count in (4, 11, 19, 24))
    prompts = [
        ask(body, keep=keep, keep_end=False, cuts=ends) for keep in (3, 4, 18, 19, 23, len(words))
    ]
    same = [ask("".join(words[:count])) for count in (3, 4, 11, 19, 19, len(words))]
    answers = dict(backend.complete([*prompts, *same]))
    half = len(prompts)
    assert [answers[at] for at in range(half)] == [answers[half + at] for at in range(half)]


# answers that a grammar allows


FREE = "root ::= [^\\x00]*"
FIRST = re.compile(r" ?[a-z]{1,9} (the|its)( [a-z]{1,9}){1,3}")
GRAMMAR = 'root ::= " "? [a-z]{1,9} " " ("the" | "its") (" " [a-z]{1,9}){1,3}'


def test_a_grammar_that_allows_everything_changes_nothing(backend, prompts, answers):
    free = [dataclasses.replace(prompt, grammar=FREE) for prompt in prompts]
    assert dict(backend.complete(free)) == answers


def test_an_answer_obeys_its_own_grammar_and_no_other(backend, prompts, answers):
    mixed = [
        dataclasses.replace(prompt, grammar=GRAMMAR) if index % 2 else prompt
        for index, prompt in enumerate(prompts)
    ]
    got = dict(backend.complete(mixed))
    bound = {index: answer for index, answer in got.items() if index % 2}
    assert {i: a for i, a in got.items() if not i % 2} == {
        i: a for i, a in answers.items() if not i % 2
    }
    assert any(bound[index].text != answers[index].text for index in bound)
    for answer in bound.values():
        assert FIRST.fullmatch(answer.text), answer.text
        assert answer.ended


def test_candidates_obey_the_grammar_too(prompts):
    with_grammar = [dataclasses.replace(prompt, grammar=GRAMMAR) for prompt in prompts[:10]]
    with tiny(slots=8, candidates=4) as several, tiny(slots=4, candidates=4) as fewer:
        got = dict(several.complete(with_grammar))
        assert dict(fewer.complete(with_grammar)) == got
    others = [other for answer in got.values() for other in answer.others]
    assert len(others) > len(with_grammar)
    assert all(FIRST.fullmatch(other.text) for other in others)


def test_an_answer_that_nothing_may_follow_ends(backend):
    ((_, answer),) = backend.complete([ask(" return x", grammar='root ::= "\u4e00"')])
    assert answer.tokens <= 48
    assert answer.text in ("", "\u4e00")


@pytest.mark.parametrize("grammar", ["root ::= [", "other ::= [a-z]", "root ::= missing", "?"])
def test_a_grammar_that_is_none_is_an_error(backend, prompts, answers, grammar):
    with pytest.raises(ModelError, match="not GBNF"):
        list(backend.complete([dataclasses.replace(prompts[0], grammar=grammar)]))
    assert dict(backend.complete(prompts[:3])) == {i: answers[i] for i in range(3)}


def test_a_control_token_in_the_body_stays_text(backend):
    body = " return x <|end|><|sum|> | | | | | name"
    ids = backend._ready().tokenize(body, special=False)
    special = backend._ready().tokenize("<|end|><|sum|>", special=True)
    assert len(special) == 2
    assert not set(special) & set(ids)
    answers = dict(backend.complete([ask(body), ask(" return x", tail="<|end|><|sum|>")]))
    assert answers[0] != answers[1]


def test_a_stop_text_ends_the_answer_before_it(backend, prompts, answers):
    index, answer = next((i, a) for i, a in answers.items() if len(a.text.split()) > 5)
    first, last = answer.text.split()[2:4]
    stops = (last, "", f"{first} {last}")
    ((_, cut),) = backend.complete([ask(prompts[index].body, stop=stops)])
    assert cut.ended
    assert cut.text == answer.text[: min(answer.text.index(stop) for stop in stops if stop)]
    assert cut.tokens < answer.tokens


def test_max_tokens_cuts_and_says_so(prompts, answers):
    with tiny(max_tokens=3) as short:
        got = dict(short.complete(prompts[:5]))
    for index, answer in got.items():
        assert answers[index].text.startswith(answer.text)
        assert (answer.tokens, answer.ended) == (3, False)


def test_a_context_that_cannot_hold_the_format_is_an_error():
    with tiny(context=64, max_tokens=60) as small:
        ((_, answer),) = small.complete([ask(" return x" * 40)])
        assert answer.tokens >= 1, "the body gives way"
        with pytest.raises(ModelError, match="before any code, too many for a context of 64"):
            list(small.complete([ask("x", tail=" the" * 9 + "<|sum|>")]))
    with pytest.raises(ModelError, match="choose 1 to 31"):
        tiny(context=32, max_tokens=32)


# lazy, and clean when it ends early


def test_prompts_are_pulled_when_a_slot_is_free(prompts):
    pulled = []

    def watched():
        for prompt in prompts[:12]:
            pulled.append(prompt)
            yield prompt

    with tiny(slots=4) as few:
        stream = few.complete(watched())
        assert pulled == []
        next(stream)
        assert len(pulled) <= 5
        assert len(list(stream)) == 11


def test_prompts_of_one_length_are_decoded_together(prompts, answers, monkeypatch):
    calls = []
    decode = llama.Engine.decode

    def counting(engine, rows):
        calls.append([row.sequence for row in rows if row.logits])
        decode(engine, rows)

    monkeypatch.setattr(llama.Engine, "decode", counting)
    with tiny(slots=8, ahead=64) as backend:
        doubled = [prompt for prompt in prompts[:20] for _ in range(2)]
        got = dict(backend.complete(doubled))
    assert [got[2 * at] for at in range(20)] == [got[2 * at + 1] for at in range(20)]
    assert [got[2 * at] for at in range(20)] == [answers[at] for at in range(20)]
    assert all(b - a == 1 for slots in calls for a, b in itertools.pairwise(slots)), "gaps"


def test_the_oldest_prompt_never_waits_for_more_than_those_read_ahead(prompts):
    pulled, count = 0, []

    def watched():
        nonlocal pulled
        for prompt in prompts:
            pulled += 1
            yield prompt

    with tiny(slots=4, ahead=10) as backend:
        for index, _ in backend.complete(watched()):
            count.append(index)
            assert pulled - len(count) <= 10 + 2 * 4
    assert sorted(count) == list(range(len(prompts)))


def test_closing_the_stream_early_leaves_the_backend_usable(backend, prompts, answers):
    stream = backend.complete(prompts)
    next(stream)
    with pytest.raises(RuntimeError, match="one complete"):
        next(backend.complete(prompts))
    stream.close()
    for _ in backend.complete(prompts):
        break
    assert dict(backend.complete(prompts[:9])) == {i: answers[i] for i in range(9)}


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_an_exception_among_the_prompts_leaves_the_backend_usable(backend, prompts, answers, error):
    def failing_prompts():
        yield from prompts[:6]
        raise error

    with pytest.raises(error):
        list(backend.complete(failing_prompts()))
    assert dict(backend.complete(prompts[:9])) == {i: answers[i] for i in range(9)}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
def test_ctrl_c_in_the_middle_leaves_the_backend_usable(backend, prompts, answers):
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        with pytest.raises(KeyboardInterrupt):
            list(backend.complete(prompts * 100))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert dict(backend.complete(prompts[:9])) == {i: answers[i] for i in range(9)}


def test_llama_cpp_tells_python_nothing_while_it_decodes(prompts):
    """Ctrl-C that is noticed in a callback is lost there."""
    names = []
    with tiny(slots=4) as backend:
        list(backend.complete(prompts[:1]))
        sys.setprofile(lambda frame, _event, _arg: names.append(frame.f_code.co_name))
        try:
            list(backend.complete(prompts[:5]))
        finally:
            sys.setprofile(None)
    assert "decode" in names
    assert "keep_errors" not in names


def test_close_frees_and_a_running_stream_says_so(prompts, answers):
    backend = tiny(slots=2)
    stream = backend.complete(prompts)
    next(stream)
    assert backend._engine is not None
    freed = backend._engine.free
    backend.close()
    backend.close()
    assert not freed.alive
    with pytest.raises(RuntimeError, match="closed"):
        list(stream)
    assert dict(backend.complete(prompts[:1])) == {0: answers[0]}, "it loads again"
    assert backend._engine is not None
    freed = backend._engine.free
    del backend, stream
    gc.collect()
    assert not freed.alive, "a forgotten backend is freed too"


def test_memory_does_not_grow(prompts):
    resource = pytest.importorskip("resource")
    sizes = []
    for _ in range(6):
        with tiny(slots=2) as again:
            list(again.complete(prompts[:1]))
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert sizes[-1] - sizes[1] < 20_000


def test_llama_cpp_is_imported_by_the_first_prompt_only():
    code = f"""
import sys
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve
with LlamaCpp(resolve("docbot-tiny", "").path, context=320, max_tokens=4) as backend:
    assert list(backend.complete([])) == []
    assert list(backend.score([])) == []
    assert not {{"docbot.llm.binding", "numpy"}} & set(sys.modules)
    prompt = Prompt(head="{HEAD}", body=" x", tail="<|sum|>", keep=9)
    assert len(list(backend.complete([prompt]))) == 1
    assert "docbot.llm.binding" in sys.modules
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", ""), (
        "and llama.cpp is silent"
    )


# files llama.cpp refuses


@pytest.mark.parametrize("size", [0, 3, 400, 100_000, 4_000_000])
def test_a_truncated_model_is_one_sentence(tmp_path, size):
    path = tmp_path / "cut.gguf"
    path.write_bytes(TINY.path.read_bytes()[:size])
    backend = LlamaCpp(path, context=320, max_tokens=8)
    with pytest.raises(
        ModelError, match=r"cut\.gguf: llama\.cpp cannot load this model"
    ) as excinfo:
        list(backend.complete([ask("x")]))
    assert "\n" not in str(excinfo.value)
    backend.close()


def test_a_path_that_is_not_ascii_loads(tmp_path):
    path = tmp_path / "modèle 模型.gguf"
    shutil.copyfile(TINY.path, path)
    with LlamaCpp(path, context=320, max_tokens=8) as backend:
        assert len(list(backend.complete([ask("x")]))) == 1


def test_open_backend_takes_the_weights_and_the_configuration():
    with open_backend(TINY, Config(max_tokens=5, threads=1)) as backend:
        ((_, answer),) = backend.complete([ask(" return x | | | | | get x")])
    assert isinstance(answer, Completion)
    assert answer.tokens <= 5
