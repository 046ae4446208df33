"""Export: the file says what the checkpoint said, in every type, and weights survive a journey."""

import hashlib
import json
import random
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")
gguf = pytest.importorskip("gguf")

from docbot.distill import export
from docbot.distill.train import training
from docbot.distill.train.shards import Rows, Stream
from docbot.distill.train.student import Student
from docbot.errors import ConfigError
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt

PRESET = training.PRESETS["test"]
WORDS = [
    "read",
    "write",
    "open",
    "close",
    "file",
    "list",
    "key",
    "value",
    "of",
    "tree",
    "name",
    "é",
]


def make_tokenizer(path):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=PRESET.shape.vocab,
        special_tokens=list(export.SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [" ".join(random.Random(at).choices(WORDS, k=8)) for at in range(200)]
    tokenizer.train_from_iterator([" " + text for text in texts], trainer)
    tokenizer.save(str(path))
    return tokenizer


def make_rows(tokenizer, path, count):
    """Told words, and as the answer the last two of them."""
    draw = random.Random(count)
    ids, off, prompt = [], [0], []
    for at in range(count):
        body = draw.choices(WORDS, k=draw.randint(4, 12))
        head = [3 + at % 6, *tokenizer.encode(" " + " ".join(body)).ids, export.SUM]
        ids += [*head, *tokenizer.encode(" " + " ".join(body[-2:]) + ".").ids, export.END]
        off.append(len(ids))
        prompt.append(len(head))
    np.savez_compressed(
        path,
        ids=np.array(ids, np.uint16),
        off=np.array(off, np.int64),
        cl=np.array(prompt, np.int32),
        task=np.array([at % 6 for at in range(count)], np.uint8),
        weight=np.ones(count, np.float32),
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A working folder with a student that has learnt a little, exported."""
    folder = tmp_path_factory.mktemp("work")
    tokenizer = make_tokenizer(folder / "tokenizer.json")
    make_rows(tokenizer, folder / "pairs-00.npz", 400)
    make_rows(tokenizer, folder / "heldout-00.npz", 60)
    pairs, held_out = (
        Rows.read([folder / f"{name}-00.npz"], PRESET.shape.context)
        for name in ("pairs", "heldout")
    )
    stream = Stream(pairs, tokens=PRESET.tokens, seed=0)
    data = training.Data(pairs=stream, code=stream, held_out=held_out)
    run = training.Training(PRESET, data, total=10.0, compiled=False)
    run.progress.minutes = 4.0
    for _ in range(80):
        run.step()
    run.save(folder / "checkpoint.pt")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "docbot.distill",
            "export",
            "--work",
            str(folder),
            "--rows",
            "60",
            "--threads",
            "1",
        ],
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def student(work):
    network = Student(PRESET.shape)
    network.load_state_dict(training.load(work / "checkpoint.pt")["model"])
    return network.eval()


def held_out_rows(work):
    return Rows.read([work / "heldout-00.npz"], PRESET.shape.context)


def test_llama_cpp_answers_as_pytorch_does(work, student):
    tokenizer = export.read_tokenizer(work / "tokenizer.json")
    equality = export.compare(
        student, work / "docbot-tiny-f32.gguf", tokenizer, held_out_rows(work)
    )
    assert equality.rows == equality.tokens == 60
    assert equality.answers >= 58  # a tie may fall either way: the cache of llama.cpp is float16
    assert equality.furthest < 0.05
    report = json.loads((work / "export.json").read_text())
    assert report["equality"]["answers"] >= 58


def test_the_comparison_sees_another_student(work, student):
    other = Student(PRESET.shape)
    other.load_state_dict(student.state_dict())
    with torch.no_grad():
        q, k, v = other.blocks[0].qkv.chunk(3)
        other.blocks[0].qkv.copy_(torch.cat([k, q, -v]))
    tokenizer = export.read_tokenizer(work / "tokenizer.json")
    equality = export.compare(other, work / "docbot-tiny-f32.gguf", tokenizer, held_out_rows(work))
    assert equality.answers < 50
    assert equality.tokens == 60


def test_greedy_is_the_same_alone_and_in_company(work, student):
    rows = held_out_rows(work)
    prompts = [
        rows.ids[at : at + size].tolist()
        for at, size in zip(rows.start[:9], rows.prompt[:9], strict=True)
    ]
    together = export.decode_greedily(student, prompts, max_tokens=12)
    for prompt, (expected_ids, logprob) in zip(prompts, together, strict=True):
        ((alone, its),) = export.decode_greedily(student, [prompt], max_tokens=12)
        assert alone == expected_ids
        assert its == pytest.approx(logprob, abs=1e-3)
        text, total = list(prompt), 0.0
        for _ in range(12):
            with torch.no_grad():
                scores = torch.log_softmax(
                    student(torch.tensor([text]))[0, -1] @ student.embed.T, 0
                )
            text.append(int(scores.argmax()))
            total += float(scores.max())
            if text[-1] == export.END:
                text.pop()
                break
        assert text[len(prompt) :] == expected_ids
        assert total == pytest.approx(logprob, abs=1e-3)


def test_every_file_is_smaller_than_the_one_before_and_told_with_its_hash(work):
    files = json.loads((work / "export.json").read_text())["files"]
    assert [each["quantisation"] for each in files] == ["F32", *export.QUANTISATIONS]
    sizes = [each["bytes"] for each in files]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)
    for each in files:
        data = (work / each["file"]).read_bytes()
        assert each["sha256"] == hashlib.sha256(data).hexdigest()
        assert each["bytes"] == len(data)


@pytest.mark.parametrize("kind", export.QUANTISATIONS)
def test_quantised_files_answer_in_docbots_backend(work, kind):
    path = work / f"docbot-tiny-{kind.lower()}.gguf"
    reader = gguf.GGUFReader(path)
    rows = {t.name: t.tensor_type.name for t in reader.tensors if t.name.endswith("_q.weight")}
    assert set(rows.values()) <= {kind, kind.removesuffix("_M"), "Q6_K"}  # no silent fall-back
    prompt = Prompt(
        head="<|function|>",
        body=" read the file tree node",
        tail="<|sum|>",
        keep=160,
        keep_end=True,
    )
    with LlamaCpp(path, context=320, max_tokens=48, threads=1) as backend:
        ((_, completion),) = backend.complete([prompt])
    assert completion.tokens > 0
    assert completion.logprob < 0


def test_the_file_says_what_docbot_needs_to_know(work):
    reader = gguf.GGUFReader(work / "docbot-tiny-f32.gguf")
    metadata = {key: field.contents() for key, field in reader.fields.items()}
    assert metadata["general.architecture"] == "llama"
    assert metadata["llama.context_length"] == 320
    assert metadata["tokenizer.ggml.eos_token_id"] == export.END
    assert metadata["tokenizer.ggml.padding_token_id"] == 1
    assert metadata["tokenizer.ggml.add_bos_token"] is False
    assert tuple(metadata["tokenizer.ggml.tokens"][:9]) == export.SPECIAL
    control = int(gguf.TokenType.CONTROL)
    kinds = metadata["tokenizer.ggml.token_type"]
    assert [at for at, kind in enumerate(kinds) if kind == control] == list(range(9))


def test_special_tokens_in_a_body_are_plain_text(work):
    tokenizer = export.read_tokenizer(work / "tokenizer.json")
    (ids,) = export.encode_by_llama(work / "docbot-tiny-f32.gguf", [" read <|sum|> é\n\tfile  x"])
    assert min(ids) >= len(export.SPECIAL)
    assert tokenizer.decode(ids) == " read <|sum|> é\n\tfile  x"


def test_weights_travel_in_pieces(work, student, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "PIECE", 300_000)
    paths = export.write_pieces(work / "checkpoint.pt", tmp_path / "pieces")
    assert len(paths) > 3
    assert max(path.stat().st_size for path in paths) <= 300_000
    export.join_pieces(tmp_path / "pieces", tmp_path / "joined.pt")
    state = training.load(tmp_path / "joined.pt")
    assert state["shape"] == training.load(work / "checkpoint.pt")["shape"]
    for name, weight in student.state_dict().items():
        torch.testing.assert_close(state["model"][name], weight, rtol=2**-8, atol=0, msg=name)
    paths[1].unlink()
    with pytest.raises(ConfigError, match="pieces make no checkpoint"):
        export.join_pieces(tmp_path / "pieces", tmp_path / "joined.pt")


def test_a_foreign_tokenizer_is_named(work, tmp_path):
    state = training.load(work / "checkpoint.pt")
    with pytest.raises(ConfigError, match=r"tokenizer\.json: is no tokenizer"):
        export.write_gguf(state, tmp_path / "tokenizer.json", tmp_path / "x.gguf")
    path = tmp_path / "tokenizer.json"
    text = (work / "tokenizer.json").read_text(encoding="utf-8")
    path.write_text(text.replace("<|sum|>", "<|code|>"), encoding="utf-8")
    with pytest.raises(ConfigError, match="is not token 2"):
        export.write_gguf(state, path, tmp_path / "x.gguf")
    state["shape"]["vocab"] = 100
    with pytest.raises(ConfigError, match="more than the student's 100 tokens"):
        export.write_gguf(state, work / "tokenizer.json", tmp_path / "x.gguf")
