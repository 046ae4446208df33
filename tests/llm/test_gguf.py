"""GGUF headers: the sound are read, the hostile are refused in Python, cheaply."""

from __future__ import annotations

import ctypes
import os
import random
import struct
import tracemalloc

import pytest

from docbot.errors import ModelError
from docbot.llm.gguf import BLOCKS, MAX_TENSORS, read_header
from docbot.llm.llama import library
from docbot.llm.weights import resolve

HUGE = 1 << 62
TOP = (1 << 64) - 1
F32, F16, Q8_0, Q4_K = 0, 1, 8, 12


def string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def key(name: str, kind: int, value: bytes) -> bytes:
    return string(name.encode()) + struct.pack("<I", kind) + value


def words(*items: bytes) -> bytes:
    return struct.pack("<IQ", 8, len(items)) + b"".join(map(string, items))


def tensor(*shape: int, kind: int = F32, offset: int = 0, name: bytes = b"w", count=None) -> bytes:
    dimensions = struct.pack("<I", len(shape) if count is None else count)
    return string(name) + dimensions + struct.pack(f"<{len(shape)}QIQ", *shape, kind, offset)


ARCHITECTURE = key("general.architecture", 8, string(b"qwen2"))
LENGTH = key("qwen2.context_length", 4, struct.pack("<I", 512))
ONE = (tensor(16),)


def header(*keys: bytes, magic: bytes = b"GGUF", version=3, tensors=None, count=None) -> bytes:
    """A file of these keys and of one small tensor with its data, but for the counts given."""
    counts = struct.pack(
        "<IQQ", version, 1 if tensors is None else tensors, len(keys) if count is None else count
    )
    return padded(magic + counts + b"".join(keys) + ONE[0]) + bytes(64)


def file_of(*tensors: bytes, data: int = 64, keys: bytes = b"", alignment: int = 32) -> bytes:
    """A file of these descriptions of tensors and so many bytes of data."""
    counts = struct.pack("<IQQ", 3, len(tensors), 2 + bool(keys))
    head = b"GGUF" + counts + ARCHITECTURE + LENGTH + keys + b"".join(tensors)
    return padded(head, alignment) + bytes(data)


def padded(data: bytes, alignment: int = 32) -> bytes:
    return data + bytes(-len(data) % alignment)


def align(value: int, kind: int = 4, code: str = "I") -> bytes:
    return key("general.alignment", kind, struct.pack(f"<{code}", value))


@pytest.fixture
def check_refusal(tmp_path):
    """Read a file that must be refused with a sentence, in little memory."""

    def read(data: bytes, sentence: str, name: str = "bad.gguf") -> None:
        path = tmp_path / name
        path.write_bytes(data)
        tracemalloc.start()
        with pytest.raises(ModelError, match=rf"{name}: .*{sentence}") as excinfo:
            read_header(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000
        assert "\n" not in str(excinfo.value)

    return read


# Sound files


def test_the_embedded_model_passes_and_so_does_a_copy(tmp_path):
    path = resolve("docbot-tiny", "").path
    header = read_header(path)
    assert (header.context, header.data % 32) == (320, 0)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(path.read_bytes())
    assert read_header(copy) == header


def test_the_block_sizes_are_those_of_ggml():
    gguf = pytest.importorskip("gguf")
    known_sizes = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    assert {kind: known_sizes[kind] for kind in BLOCKS} == dict(BLOCKS)


@pytest.mark.parametrize(
    ("data", "context"),
    [
        (header(ARCHITECTURE, LENGTH), 512),
        (header(LENGTH, ARCHITECTURE), 512),
        (header(ARCHITECTURE, LENGTH, version=2), 512),
        (header(ARCHITECTURE, key("llama.context_length", 4, b"\1\0\0\0"), LENGTH), 512),
        (header(key("a", 9, words(b"x", b"yy")), ARCHITECTURE, LENGTH), 512),
        (header(key("a", 9, struct.pack("<IQ3H", 2, 3, 1, 2, 3)), ARCHITECTURE, LENGTH), 512),
        (header(key("a", 8, string(b"text")), key("b", 7, b"\1"), ARCHITECTURE, LENGTH), 512),
        (header(key("split.count", 2, b"\1\0"), ARCHITECTURE, LENGTH), 512),
        (header(ARCHITECTURE, key("qwen2.context_length", 10, struct.pack("<Q", HUGE))), HUGE),
    ],
    ids=["plain", "late name", "version 2", "another's", "strings", "numbers", "text", "whole",
         "huge"],
)  # fmt: skip
def test_a_sound_header_is_read(tmp_path, data, context):
    path = tmp_path / "own.gguf"
    path.write_bytes(data)
    assert read_header(path).context == context


@pytest.mark.parametrize(
    "data",
    [
        file_of(tensor(16)),
        file_of(tensor(4, 2, 2, 1)),
        file_of(tensor(9), tensor(7, name=b"x", offset=64), data=92),
        file_of(tensor(64, 2, kind=Q8_0), data=136),
        file_of(tensor(256, kind=Q4_K), tensor(1, name=b"x", offset=160), data=164),
        file_of(tensor(9), tensor(7, name=b"x", offset=40), keys=align(8), alignment=8, data=68),
        file_of(tensor(1, name=b"n" * 64), data=4),
    ],
    ids=["one", "four dimensions", "two", "blocks", "mixed", "aligned by 8", "long name"],
)
def test_sound_tensors_are_read(tmp_path, data):
    path = tmp_path / "own.gguf"
    path.write_bytes(data)
    assert read_header(path).data <= len(data)
    path.write_bytes(data[:-1])
    with pytest.raises(ModelError, match=r"is shorter than its tensors|has a tensor of shape"):
        read_header(path)


# Hostile headers


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"GG", "is not a GGUF file"),
        (b"GGUF", "is cut off"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is not a GGUF file"),
        (header(ARCHITECTURE, LENGTH, magic=b"GGJT"), "is not a GGUF file"),
        (header(ARCHITECTURE, LENGTH, version=1), "has GGUF version 1"),
        (header(ARCHITECTURE, LENGTH, version=3 << 24), "has GGUF version 50331648"),
        (header(ARCHITECTURE, LENGTH, tensors=0), "claims 0 tensors"),
        (header(ARCHITECTURE, LENGTH, tensors=HUGE), f"claims {HUGE} tensors"),
        (header(ARCHITECTURE, LENGTH, tensors=TOP), f"claims {TOP} tensors"),
        (header(ARCHITECTURE, LENGTH, tensors=16_000), "is shorter than its header says"),
        (header(ARCHITECTURE, LENGTH, count=HUGE), f"and {HUGE} keys"),
        (header(ARCHITECTURE, LENGTH, count=0), "and 0 keys"),
        (header(ARCHITECTURE), "does not name"),
        (header(LENGTH), "does not name"),
        (header(ARCHITECTURE, key("qwen2.context_length", 5, b"\xff" * 4)), "does not name"),
        (header(ARCHITECTURE, key("qwen2.context_length", 6, b"\0" * 4)), "does not name"),
        (header(struct.pack("<Q", HUGE)), f"has a key or name of {HUGE} bytes"),
        (header(struct.pack("<Q", 60_000)), "is cut off"),
        (header(key("general.architecture", 8, string(b"a" * 65))), "name of 65 bytes"),
        (header(key("", 7, b"\1")), "has a key without a name"),
        (header(ARCHITECTURE, LENGTH, LENGTH), "has a key twice"),
        (header(ARCHITECTURE, ARCHITECTURE, LENGTH), "has a key twice"),
        (header(key("a", 7, b"\1"), key("a", 8, string(b"x"))), "has a key twice"),
        (header(key("a", 8, struct.pack("<Q", HUGE))), "is cut off"),
        (header(key("a", 8, struct.pack("<Q", TOP))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 4, HUGE))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 12, TOP))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 8, HUGE))), "has an array of"),
        (header(key("a", 9, struct.pack("<IQ", 8, 1_000_000))), "has an array of"),
        (header(key("a", 9, struct.pack("<IQQ", 8, 1, HUGE))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQQ", 8, 2, HUGE))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 8, 9) + bytes(60))), "is cut off|of 9 strings"),
        (header(key("a", 9, struct.pack("<IQ", 9, 1))), "has an array of type 9"),
        (header(key("a", 99, b"")), "has a value of type 99"),
        (header(ARCHITECTURE, LENGTH)[:60], "is cut off"),
        (header(align(0), ARCHITECTURE, LENGTH), "has an alignment"),
        (header(align(4), ARCHITECTURE, LENGTH), "has an alignment"),
        (header(align(48), ARCHITECTURE, LENGTH), "has an alignment"),
        (header(align(1 << 31), ARCHITECTURE, LENGTH), "has an alignment"),
        (header(align(32, 10, "Q"), ARCHITECTURE, LENGTH), "has an alignment"),
        (header(align(-32, 5, "i"), ARCHITECTURE, LENGTH), "has an alignment"),
    ],
)
def test_a_hostile_header_is_one_sentence_and_little_memory(check_refusal, data, sentence):
    check_refusal(data, sentence)


@pytest.mark.parametrize("size", [0, 1, 7, 100, 65_527, 65_528, 65_529, 65_536, 200_000])
def test_strings_longer_than_what_is_read_at_once(tmp_path, size):
    path = tmp_path / "own.gguf"
    strings = words(b"a" * size, b"b", b"c" * size, b"", b"d" * size)
    path.write_bytes(header(key("a", 9, strings), ARCHITECTURE, LENGTH))
    assert read_header(path).context == 512


def test_strings_are_counted_over_all_arrays(tmp_path):
    half = struct.pack("<IQ", 8, 1_000_001) + bytes(8 * 1_000_001)
    path = tmp_path / "bad.gguf"
    path.write_bytes(header(key("a", 9, half), key("b", 9, half)))
    with pytest.raises(ModelError, match="has an array of 1000001 strings"):
        read_header(path)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (header(key("split.count", 2, b"\2\0"), ARCHITECTURE, LENGTH), "is one part of a model"),
        (header(ARCHITECTURE, LENGTH, key("split.count", 10, struct.pack("<Q", TOP))), "one part"),
    ],
)
def test_a_part_of_a_model_is_refused(check_refusal, data, sentence):
    check_refusal(data, sentence)


def test_a_part_is_known_by_its_name_too(check_refusal, tmp_path):
    check_refusal(header(ARCHITECTURE, LENGTH), "is one part", "big-00002-of-00003.gguf")
    check_refusal(header(ARCHITECTURE, LENGTH), "is one part", "big-00001-of-00002.gguf")
    whole = tmp_path / "big-00001-of-00001.gguf"
    whole.write_bytes(header(ARCHITECTURE, LENGTH))
    assert read_header(whole).context == 512


# Hostile tensors: the shapes of CVE-2025-53630, CVE-2026-27940, CVE-2026-33298


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        # a product of dimensions that wraps in 64 bits: to 0, to 64, and with the size of a type
        (file_of(tensor(1 << 32, 1 << 32)), "has a tensor of shape 4294967296x4294967296"),
        (file_of(tensor(1 << 16, 1 << 16, 1 << 16, 1 << 16)), "has a tensor of shape 65536x"),
        (file_of(tensor((1 << 63) + 8, 2)), "has a tensor of shape"),
        (file_of(tensor((1 << 62) + 16)), "has a tensor of shape"),
        (file_of(tensor(32, (TOP // 34) + 2, kind=Q8_0)), "has a tensor of shape"),
        # negative where a signed 64-bit number is read
        (file_of(tensor(TOP)), "has a tensor of shape 18446744073709551615"),
        (file_of(tensor(16, 1 << 63)), "has a tensor of shape"),
        (file_of(tensor(TOP, TOP)), "has a tensor of shape"),
        # a sum of sizes that wraps, each size by itself within an int64
        (file_of(tensor(1 << 60), tensor(1 << 60, name=b"x", offset=1 << 62)), "tensor of shape"),
        (file_of(tensor(16), tensor(HUGE - 8, name=b"x", offset=64)), "has a tensor of shape"),
        # a size that wraps when it is padded to the alignment
        (file_of(tensor(TOP - 14, kind=24)), "has a tensor of shape"),
        # offsets: outside, overlapping, unaligned, wrapping, with a gap
        (file_of(tensor(16, offset=TOP - 63)), "has tensor 0 at byte 18446744073709551552"),
        (file_of(tensor(16, offset=HUGE)), f"has tensor 0 at byte {HUGE} of its data, not at 0"),
        (file_of(tensor(16, offset=1)), "has tensor 0 at byte 1 "),
        (file_of(tensor(8), tensor(8, name=b"x", offset=0)), "has tensor 1 at byte 0 .* at 32"),
        (file_of(tensor(8), tensor(8, name=b"x", offset=16)), "has tensor 1 at byte 16 "),
        (file_of(tensor(4), tensor(4, name=b"x", offset=64), data=96), "has tensor 1 at byte 64 "),
        # nothing, too much, unknown
        (file_of(tensor(0)), "has a tensor of shape 0"),
        (file_of(tensor(16, 0)), "has a tensor of shape 16x0"),
        (file_of(tensor()), "has a tensor of 0 dimensions"),
        (file_of(tensor(1, 1, 1, 1, 1)), "has a tensor of 5 dimensions"),
        (file_of(tensor(count=(1 << 32) - 1)), "has a tensor of 4294967295 dimensions"),
        (file_of(tensor(16, kind=4)), "has a tensor of type 4, which is not known"),
        (file_of(tensor(16, kind=42)), "type 42"),
        (file_of(tensor(16, kind=(1 << 32) - 1)), "type 4294967295"),
        (file_of(tensor(33, kind=Q8_0)), "has a tensor of shape 33"),
        (file_of(tensor(255, 256, kind=Q4_K), data=40_000), "has a tensor of shape 255x256"),
        (file_of(tensor(16, name=b"n" * 65)), "has a key or name of 65 bytes"),
        (file_of(tensor(4), tensor(4, offset=32)), "has two tensors of one name"),
        # data that the file does not have
        (file_of(tensor(17)), "is shorter than its tensors"),
        (file_of(tensor(16), data=63), "is shorter than its tensors"),
        (file_of(tensor(16), data=0), "is shorter than its tensors"),
        (file_of(tensor(16), tensor(16, name=b"x", offset=64), data=127), "is shorter than its"),
        (file_of(tensor(16), keys=align(65_536), data=64), "is shorter than its tensors"),
        (file_of(tensor(16))[:-90], "is cut off"),
    ],
)  # fmt: skip
def test_hostile_tensors_are_refused(check_refusal, data, sentence):
    check_refusal(data, sentence)


def test_very_many_tensors_take_bounded_memory(tmp_path):
    many = b"".join(tensor(8, name=b"%064d" % at, offset=32 * at) for at in range(MAX_TENSORS - 1))
    counts = struct.pack("<IQQ", 3, MAX_TENSORS, 2)
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"GGUF" + counts + ARCHITECTURE + LENGTH + many + tensor(HUGE, offset=0))
    tracemalloc.start()
    with pytest.raises(ModelError, match="has tensor 16383 at byte 0"):
        read_header(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("size", [0, 3, 11, 23, 24, 90, 120, 200_000, 283_000, 284_604, 6_000_000])
def test_the_embedded_model_cut_anywhere_is_refused(tmp_path, size):
    path = tmp_path / "cut.gguf"
    path.write_bytes(resolve("docbot-tiny", "").path.read_bytes()[:size])
    with pytest.raises(ModelError, match=r"cut\.gguf"):
        read_header(path)


@pytest.mark.parametrize("kind", ["F16", "Q4_0", "Q4_K_M"])
def test_what_llama_cpp_writes_is_read(tmp_path, kind):
    llama, _, _ = library()
    tiny, copy = resolve("docbot-tiny", "").path, tmp_path / "made.gguf"
    params = llama.llama_model_quantize_default_params()
    params.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{kind}")
    params.allow_requantize, params.nthread = True, 1
    paths = (os.fsencode(tiny), os.fsencode(copy))
    assert llama.llama_model_quantize(*paths, ctypes.byref(params)) == 0
    assert read_header(copy).context == 320
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size - 64)
    with pytest.raises(ModelError, match="is shorter than its tensors"):
        read_header(copy)


def test_a_damaged_header_is_read_or_refused(tmp_path):
    """Whatever bytes are wrong: never another error, and never data outside the file."""
    path = tmp_path / "bad.gguf"
    tiny = resolve("docbot-tiny", "").path
    sound, header = tiny.read_bytes(), read_header(tiny)
    chance = random.Random(7)
    places = [*range(1200), *range(header.end - 2400, header.end)]
    refusals = 0
    path.write_bytes(sound)
    for _ in range(100):
        at = chance.choice(places)
        damage = chance.choice(
            [b"\0", b"\xff", b"\x80", b"\xff" * 8, bytes(8), chance.randbytes(4)]
        )
        with path.open("r+b") as file:
            file.seek(at)
            file.write(damage)
            file.flush()
            try:
                assert read_header(path).data <= len(sound)
            except ModelError:
                refusals += 1
            file.seek(at)
            file.write(sound[at : at + len(damage)])
    assert refusals > 50


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(ModelError, match="does not exist"):
        read_header(tmp_path / "pipe.gguf")
