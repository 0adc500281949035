"""Writes the files of this folder: python make.py, with pyarrow 25.0.1 and the commands lz4 and zstd.

test/files/feather.test.ts and frames.test.ts have the same formulas.
"""

import subprocess
import tempfile
from pathlib import Path

import pyarrow as pa
from pyarrow import feather, ipc

FOLDER = Path(__file__).parent
ROWS = 600
BATCH = 250


def logit(row, j):
    """A number that float16 has too; of three columns that have no period in ROWS."""
    return (row * (7 * j + 397) % 1009 - 500) / 256


rows = range(ROWS)
logits = [[logit(row, j) for j in range(3)] for row in rows]
names = ["north", "south", "east"]
table = pa.table(
    {
        "label": pa.array([row * 7 % 3 for row in rows], pa.int32()),
        "segment": pa.array([names[row * row % 3] for row in rows]).dictionary_encode(),
        "weight": pa.array([0.5 + row % 5 / 4 for row in rows], pa.float32()),
        **{f"logit_{j}": pa.array([row[j] for row in logits], pa.float32()) for j in range(3)},
        **{f"half_{j}": pa.array([row[j] for row in logits], pa.float16()) for j in range(3)},
        "scores": pa.array(logits, pa.list_(pa.float32())),
        "fixed": pa.array(logits, pa.list_(pa.float64(), 3)),
        "flag": pa.array([row % 2 == 0 for row in rows]),
        "gaps": pa.array([None if row % 7 == 3 else logit(row, 0) for row in rows], pa.float32()),
        "text": pa.array([f"row {row}" for row in rows]),
    }
)
for codec in ["lz4", "zstd"]:
    feather.write_feather(table, FOLDER / f"{codec}.feather", codec, chunksize=BATCH)

# Buffers of several blocks: an LZ4 block is 64 KiB.
long = pa.table(
    {
        "label": pa.array([row % 2 for row in range(40_000)], pa.int32()),
        "score": pa.array([(row % 1000 - 500) / 256 for row in range(40_000)], pa.float32()),
    }
)
for codec in ["lz4", "zstd"]:
    feather.write_feather(long, FOLDER / f"{codec}-blocks.feather", codec, chunksize=40_000)


def dictionary_batch(row, rows_of_batch, values):
    """Rows whose segments are numbers of a dictionary that grows, or is another one."""
    part = range(row, row + rows_of_batch)
    indices = pa.array([i % len(values) for i in part], pa.int8())
    return pa.record_batch(
        {
            "label": pa.array([i % 2 for i in part], pa.int32()),
            "score": pa.array([logit(i, 0) for i in part], pa.float32()),
            "segment": pa.DictionaryArray.from_arrays(indices, pa.array(values)),
        }
    )


# Streams, whose dictionaries change: more values, then others.
batches = [
    dictionary_batch(0, 200, ["a", "b"]),
    dictionary_batch(200, 200, ["a", "b", "c"]),
    dictionary_batch(400, 200, ["x", "b"]),
]
for codec in ["lz4", "zstd"]:
    options = ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=True)
    with ipc.new_stream(FOLDER / f"{codec}.arrows", batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)

# Frames with what pyarrow leaves out: checksums, a size, and blocks that repeat earlier ones.
text = "".join(f"line {i % 700} " for i in range(9000))
with tempfile.NamedTemporaryFile() as file:
    file.write(text.encode())
    file.flush()
    options = ["-9", "-B4", "-BD", "-BX", "--content-size", "-qf"]
    subprocess.run(["lz4", *options, file.name, FOLDER / "linked.lz4"], check=True)
    subprocess.run(["zstd", "--check", "-qf", file.name, "-o", FOLDER / "checked.zst"], check=True)
