import gzip
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import InputError, LedgerError, PlainviewError
from plainview.ledger.growth import Tree
from plainview.ledger.layout import MAX_CHECKPOINT_BYTES
from plainview.ledger.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
)
from plainview.ledger.tiles import (
    DirectorySource,
    HttpSource,
    TileSource,
    TreeReader,
    consistency_proof,
    decode_bundle,
    encode_bundle,
    entries_path,
    inclusion_proof,
    is_served,
    leaf_hashes,
    read_entries,
    subtree_consistency_proof,
    tile_path,
    tile_width,
    tree_root,
)


class Files:
    """A log's files in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Serve `files`."""
        self.files = dict(files)
        self.read_paths: list[str] = []

    def read(self, path: str) -> bytes:
        """The file."""
        self.read_paths.append(path)
        if path not in self.files:
            raise LedgerError("not there", where=path)
        return self.files[path]


def log_of(size: int) -> tuple[Files, list[bytes]]:
    """A log of `size` entries, and they."""
    data = [f"entry {i}".encode() for i in range(size)]
    return Files(dict(Tree().grown(data)[1])), data


@cache
def known(size: int) -> tuple[Files, list[bytes], list[bytes]]:
    """A log that many examples are about, its entries and their hashes."""
    files, entries = log_of(size)
    return files, entries, [leaf_hash(entry) for entry in entries]


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [
        (0, 256, "000"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1_234_067, 256, "x001/x234/067"),
        (1_234_067, 8, "x001/x234/067.p/8"),
        (0, 255, "000.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(number: int, width: int, path: str) -> None:
    """Three digits at a time, all but the last behind an x; partial tiles by their width."""
    assert tile_path(3, number, width) == f"tile/3/{path}"
    assert entries_path(number, width) == f"tile/entries/{path}"
    assert is_served(f"tile/63/{path}")
    assert is_served(f"tile/entries/{path}")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/checkpoint",
        "checkpoint/",
        "../keys/ledger.key",
        "tile/0/../../../keys/ledger.key",
        "tile/00/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x001",
        "tile/0/" + "x001/" * 40 + "000",
        "tile/entries/000.new",
        "tile/0/.000.new",
    ],
)
def test_nothing_else_is_read_or_served(path: str, tmp_path: Path) -> None:
    """A path of any other spelling leads nowhere, before any file is touched."""
    assert not is_served(path)
    with pytest.raises(LedgerError, match="no file of a log"):
        DirectorySource(tmp_path).read(path)
    with pytest.raises(LedgerError, match="no file of a log"):
        HttpSource("http://localhost:1").read(path)


def test_the_tiles_of_a_tree_of_70_000_are_those_of_the_specification() -> None:
    """tlog-tiles, Partial Tiles: 273 full and 112 at level 0; 1 full and 17; then one of 1."""
    assert [tile_width(0, n, 70_000) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tile_width(1, n, 70_000) for n in (0, 1, 2)] == [256, 17, 0]
    assert [tile_width(2, n, 70_000) for n in (0, 1)] == [1, 0]
    assert tile_width(3, 0, 70_000) == 0
    assert (tile_width(0, 0, 256), tile_width(1, 0, 256)) == (256, 1)


@given(st.lists(st.binary(max_size=300), max_size=300))
def test_a_bundle_holds_exactly_the_entries_put_in(entries: list[bytes]) -> None:
    """Bundles read back; cut, lengthened or with another number of entries they are refused."""
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == entries
    assert decode_bundle(data + b"\0\0", len(entries), more=True) == entries
    with pytest.raises(LedgerError):
        decode_bundle(data + b"\0", len(entries))
    with pytest.raises(LedgerError):
        decode_bundle(data, len(entries) + 1)
    if entries:
        with pytest.raises(LedgerError):
            decode_bundle(data[:-1], len(entries))


def test_an_entry_too_long_for_a_bundle_is_refused() -> None:
    """Two bytes of length: 65,535 is the most."""
    assert decode_bundle(encode_bundle([bytes(65_535)]), 1) == [bytes(65_535)]
    with pytest.raises(LedgerError, match="65535"):
        encode_bundle([bytes(65_536)])


@given(st.data(), st.sampled_from([1, 2, 255, 256, 257, 511, 512, 700, 66_000]))
@settings(deadline=None)
def test_proofs_from_tiles_verify(data: st.DataObject, size: int) -> None:
    """Inclusion, consistency and subtrees, in trees of one to three levels of tiles."""
    files, entries, leaves = known(size)
    root = tree_root(files, size)
    index = data.draw(st.integers(0, size - 1))
    verify_inclusion(index, size, leaves[index], inclusion_proof(files, index, size), root)
    old = data.draw(st.integers(1, size))
    before = root_of(leaves[:old])
    verify_consistency(old, size, consistency_proof(files, old, size), before, root)
    start = index >> 5 << 5
    end = min(start + 32, size)
    proof = subtree_consistency_proof(files, start, end, size)
    verify_subtree_consistency(start, end, size, proof, root_of(leaves[start:end]), root)
    last = data.draw(st.integers(index, min(index + 600, size)))
    assert list(read_entries(files, index, last, size=size)) == entries[index:last]
    assert list(leaf_hashes(files, index, last, size=size)) == leaves[index:last]


def test_a_proof_reads_few_tiles() -> None:
    """Whatever the size, one tile per level and the right edge: no more than six files here."""
    files, _ = log_of(66_000)
    inclusion_proof(files, 12_345, 66_000)
    assert len(files.read_paths) <= 6
    assert len(set(files.read_paths)) == len(files.read_paths)


def test_an_empty_log_has_the_empty_root_and_no_proofs() -> None:
    """Size 0 needs no file; what cannot be proved is an error."""
    files = Files({})
    assert tree_root(files, 0) == EMPTY_ROOT
    assert list(read_entries(files, 0, 0)) == []
    assert consistency_proof(files, 0, 0) == []
    assert subtree_consistency_proof(files, 0, 0, 0) == []
    for wrong in (
        lambda: inclusion_proof(files, 0, 0),
        lambda: consistency_proof(files, 2, 1),
        lambda: subtree_consistency_proof(files, 1, 3, 8),
        lambda: TreeReader(files, 2**63),
        lambda: TreeReader(files, 5).tile(0, 1),
    ):
        with pytest.raises(LedgerError):
            wrong()


def test_where_a_partial_tile_was_removed_the_full_one_serves() -> None:
    """tlog-tiles lets a log delete partial tiles: an older tree is read from the fuller tiles."""
    _, entries = log_of(600)
    leaves = [leaf_hash(entry) for entry in entries]
    tree, early = Tree().grown(entries[:300])
    files = Files(dict(early + tree.grown(entries[300:])[1]))
    assert files.files.pop("tile/0/001.p/44")
    assert files.files.pop("tile/entries/001.p/44")
    assert tree_root(files, 300) == root_of(leaves[:300])
    assert list(read_entries(files, 250, 300)) == entries[250:300]
    with pytest.raises(LedgerError, match="not there"):
        tree_root(files, 590)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("tile/0/002.p/88", b""),
        ("tile/0/002.p/88", bytes(87 * 32)),
        ("tile/0/002.p/88", bytes(89 * 32)),
        ("tile/entries/002.p/88", b""),
        ("tile/entries/002.p/88", b"\0\1a" * 89),
        ("tile/entries/002.p/88", b"\0\1a" * 88),
    ],
)
def test_files_of_another_shape_are_refused(path: str, data: bytes) -> None:
    """A tile has its width in hashes, a bundle in entries, and they are those of the hashes."""
    files, _ = log_of(600)
    assert len(list(read_entries(files, 0, 600))) == 600
    files.files[path] = data
    with pytest.raises(LedgerError):
        list(read_entries(files, 0, 600))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of 700 entries in a folder."""
    files, _ = log_of(700)
    for path, data in files.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "checkpoint").write_text("a checkpoint")
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The address at which a plain server of static files serves the folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_plain_server_of_static_files_is_enough(folder: Path, served: str) -> None:
    """What stands in the folder is the whole interface: proofs come out the same over HTTP."""
    over_http = HttpSource(f"{served}/")
    sources: list[TileSource] = [DirectorySource(folder), over_http]
    assert [source.read("checkpoint") for source in sources] == [b"a checkpoint"] * 2
    assert len({tree_root(source, 700) for source in sources}) == 1
    proofs = [inclusion_proof(source, 3, 700) for source in sources]
    assert proofs[0] == proofs[1]
    assert len(list(read_entries(over_http, 0, 700))) == 700
    for source in sources:
        with pytest.raises(LedgerError, match=r"404|No such file"):
            source.read("tile/7/000")
    over_http.close()


def test_a_folder_may_be_hostile(folder: Path) -> None:
    """A pipe does not hold the reader up, a folder is no file, and a huge file is not read."""
    source = DirectorySource(folder)
    (folder / "checkpoint").unlink()
    os.mkfifo(folder / "checkpoint")
    with pytest.raises(LedgerError, match="not a file"):
        source.read("checkpoint")
    (folder / "tile/5/000").mkdir(parents=True)
    with pytest.raises(LedgerError, match="not a file"):
        source.read("tile/5/000")
    with (folder / "tile/0/000").open("ab") as file:
        file.truncate(2**40)
    with pytest.raises(LedgerError, match="larger"):
        source.read("tile/0/000")


def parts(data: bytes) -> Iterator[bytes]:
    """As it comes over a connection."""
    for at in range(0, len(data), 65_536):
        yield data[at : at + 65_536]


Answer = Callable[[httpx.Request], httpx.Response]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: httpx.Response(302, headers={"Location": "http://10.0.0.1/"}), "302"),
        (lambda _: httpx.Response(500), "500"),
        (lambda _: httpx.Response(200, content=parts(bytes(MAX_CHECKPOINT_BYTES + 1))), "larger"),
        (
            lambda _: httpx.Response(
                200,
                content=parts(gzip.compress(bytes(MAX_CHECKPOINT_BYTES * 4))),
                headers={"Content-Encoding": "gzip"},
            ),
            "not one file",
        ),
        (
            lambda _: httpx.Response(
                200, content=parts(b"no gzip"), headers={"Content-Encoding": "gzip"}
            ),
            "encoding",
        ),
        (
            lambda _: httpx.Response(200, content=b"?", headers={"Content-Encoding": "br"}),
            "not asked for",
        ),
    ],
)
def test_a_server_may_be_hostile(answer: Answer, told: str) -> None:
    """No redirects elsewhere, no endless answers, no bombs: each is an error, not an outage."""
    source = HttpSource("https://log.example/x", transport=httpx.MockTransport(answer))
    with pytest.raises(LedgerError, match=told):
        source.read("checkpoint")


def test_a_server_that_trickles_is_cut_off() -> None:
    """The time is for the whole file: a byte now and then does not renew it."""

    def trickle() -> Iterator[bytes]:
        while True:
            yield b"."

    source = HttpSource(
        "http://log.example",
        seconds=0.0,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=trickle())),
    )
    with pytest.raises(LedgerError, match="not read in"):
        source.read("checkpoint")


def test_compressed_answers_are_unpacked_and_a_lost_connection_is_told() -> None:
    """Gzip may come unasked (tlog-tiles); a connection that fails is a LedgerError."""
    good = httpx.MockTransport(
        lambda request: httpx.Response(
            200,
            content=parts(gzip.compress(request.url.path.encode())),
            headers={"Content-Encoding": "gzip"},
        )
    )
    assert HttpSource("http://log.example/a/", transport=good).read("tile/0/000") == (
        b"/a/tile/0/000"
    )

    def lost(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(LedgerError, match="refused"):
        HttpSource("http://log.example", transport=httpx.MockTransport(lost)).read("checkpoint")


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "log.example", "http://", "http://a/?b", "http://a:b/"]
)
def test_what_is_no_address_of_a_log_is_wrong_input(url: str) -> None:
    """HTTP and HTTPS only, with a host and without a query."""
    with pytest.raises(InputError) as refused:
        HttpSource(url)
    assert isinstance(refused.value, PlainviewError)
