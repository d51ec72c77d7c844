"""A journal gives back what it promised, or says that it cannot; a cut record at its end was not promised."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from upshot.core.errors import CorruptStore, InternalError, StoreFull
from upshot.engines.journal import Journal


def opened(store: Path, applied: int = 0, *, file_bytes: int = 1 << 20) -> tuple[Journal, list[tuple[int, bytes]]]:
    journal = Journal(store, applied, file_bytes=file_bytes)
    return journal, list(journal.recovered())


def files(store: Path) -> list[Path]:
    return sorted(path for path in store.parent.iterdir() if ".journal-" in path.name)


@contextmanager
def failing(sync: str) -> Iterator[None]:
    """The disk fails whenever that function of ``os`` is called."""

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, sync, fail)
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "a [store].duckdb"


def test_records_come_back_from_the_first_that_the_store_does_not_hold(store: Path) -> None:
    journal, before = opened(store)
    assert before == []
    assert [journal.append(payload) for payload in (b"one", b"", b"three")] == [1, 2, 3]
    assert opened(store)[1] == [(1, b"one"), (2, b""), (3, b"three")]
    assert opened(store, 2)[1] == [(3, b"three")]
    again, _ = opened(store, 3)
    assert again.append(b"four") == 4


def test_nothing_stays_when_the_store_holds_everything(store: Path) -> None:
    journal, _ = opened(store)
    journal.append(b"one")
    assert journal.size_bytes() == 24 + 3
    journal.close()
    assert journal.size_bytes() > 0  # it was never told that the store holds it
    journal, _ = opened(store)
    journal.forget(1)
    journal.close()
    assert files(store) == []


def test_cut_record_at_the_end_was_not_promised(store: Path) -> None:
    journal, _ = opened(store)
    journal.append(b"one")
    whole = files(store)[0].stat().st_size
    journal.append(b"the second")
    journal.close()
    data = files(store)[0].read_bytes()
    for length in range(whole, len(data)):
        for rest in (b"", bytes(len(data) - length)):
            files(store)[0].write_bytes(data[:length] + rest)
            journal, found = opened(store)
            assert found == [(1, b"one")]
            assert journal.append(b"another") == 2
            assert opened(store)[1] == [(1, b"one"), (2, b"another")]
            journal.close()
            for other in files(store)[1:]:
                other.unlink()


def test_damage_before_what_was_promised_is_said(store: Path) -> None:
    journal, _ = opened(store)
    for number in range(3):
        journal.append(b"record %d" % number)
    path = files(store)[0]
    data = path.read_bytes()
    for at in range(len(data) // 3 * 2):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        if 20 <= at % (len(data) // 3) < 24:
            continue  # the zeros that are not looked at
        with pytest.raises(CorruptStore, match=r"damaged|missing"):
            opened(store)
        assert path.read_bytes() != data


def test_missing_file_is_said(store: Path) -> None:
    journal, _ = opened(store, file_bytes=1)
    for number in range(4):
        journal.append(b"record %d" % number)
    assert len(files(store)) == 4
    files(store)[1].unlink()
    with pytest.raises(CorruptStore, match="record 2 is missing"):
        opened(store)
    assert [number for number, _ in opened(store, 2)[1]] == [3, 4]


class Model:
    """What a journal should give back."""

    def __init__(self) -> None:
        self.applied = 0
        self.records: list[bytes] = []

    def rest(self) -> list[tuple[int, bytes]]:
        return [(n, p) for n, p in enumerate(self.records, start=1) if n > self.applied]


steps = st.lists(
    st.one_of(
        st.binary(max_size=60).map(lambda payload: ("append", payload)),
        st.integers(0, 5).map(lambda more: ("apply", more)),
        st.integers(1, 40).map(lambda cut: ("crash", cut)),
    ),
    max_size=40,
)


@given(steps=steps, file_bytes=st.integers(1, 200))
@settings(max_examples=150, deadline=None)
def test_files_are_written_again_and_give_back_the_newest(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes | int]], file_bytes: int
) -> None:
    store = tmp_path_factory.mktemp("journal") / "store"
    model = Model()
    journal, _ = opened(store, file_bytes=file_bytes)
    for kind, value in steps:
        match kind, value:
            case "append", bytes(payload):
                model.records.append(payload)
                assert journal.append(payload) == len(model.records)
            case "apply", int(more):
                model.applied = min(len(model.records), model.applied + more)
                journal.forget(model.applied)
            case _:
                assert isinstance(value, int)
                # In the middle of one more record, which nobody was promised.
                with pytest.raises(OSError, match="cut"):
                    crashed(journal, b"not promised" * 5, value)
                journal, found = opened(store, model.applied, file_bytes=file_bytes)
                assert found == model.rest()
    waiting = sum(len(payload) + 24 for _, payload in model.rest())
    assert opened(store, model.applied)[1] == model.rest()
    # Files that may be written again are, so that there are no more than ever were needed at once.
    assert len(files(store)) <= 2 + len(model.records)
    assert waiting <= journal.size_bytes()


def crashed(journal: Journal, payload: bytes, cut: int) -> None:
    """Only the first bytes of a record reach the file."""
    with pytest.MonkeyPatch.context() as patch:
        write = os.pwrite

        def torn(handle: int, data: bytes, at: int) -> int:
            write(handle, data[:cut], at)
            raise OSError(errno.EIO, "cut")

        patch.setattr(os, "pwrite", torn)
        journal.append(payload)


def test_files_do_not_become_more_while_the_store_keeps_up(store: Path) -> None:
    journal, _ = opened(store, file_bytes=100)
    for number in range(1, 200):
        journal.append(bytes(60))
        journal.forget(number - 1)
    assert len(files(store)) <= 2
    assert journal.size_bytes() <= 4 * 84


def test_record_that_finds_no_room_is_not_promised_and_the_next_one_is(store: Path) -> None:
    journal, _ = opened(store)
    journal.append(b"one")
    with pytest.MonkeyPatch.context() as patch:
        write = os.pwrite

        def full(handle: int, data: bytes, at: int) -> int:
            write(handle, data[:5], at)
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(os, "pwrite", full)
        with pytest.raises(StoreFull, match="no room"):
            journal.append(b"two")
    assert journal.append(b"three") == 2
    assert opened(store)[1] == [(1, b"one"), (2, b"three")]


def test_failed_sync_ends_all_promises(store: Path) -> None:
    """The pages may be lost, and a second sync would say that all is well."""
    journal, _ = opened(store)
    journal.append(b"one")
    with failing("fdatasync"), pytest.raises(OSError, match="Input/output"):
        journal.append(b"two")
    with pytest.raises(InternalError, match="cannot be written"):
        journal.append(b"three")
    assert opened(store)[1][0] == (1, b"one")


def test_new_file_never_takes_the_place_of_one_that_holds_promises(store: Path) -> None:
    """As when the power failed while files were removed, and only some of them are gone."""
    journal, _ = opened(store, file_bytes=1)
    for number in range(4):
        journal.append(b"record %d" % number)
    journal.forget(2)
    for path in files(store)[:2]:
        path.unlink()
    journal, found = opened(store, 2, file_bytes=1)
    assert [number for number, _ in found] == [3, 4]
    assert [journal.append(b"more") for _ in range(4)] == [5, 6, 7, 8]
    assert [number for number, _ in opened(store, 2)[1]] == [3, 4, 5, 6, 7, 8]


def test_file_whose_name_could_not_be_synced_holds_no_promise(store: Path) -> None:
    journal, _ = opened(store)
    with failing("fsync"), pytest.raises(OSError, match="Input/output"):
        journal.append(b"one")
    assert files(store) == []
    assert journal.append(b"one") == 1
    assert opened(store)[1] == [(1, b"one")]


def test_other_files_beside_the_store_are_left_alone(store: Path) -> None:
    other = store.with_name(f"{store.name}.journal-of mine")
    other.write_text("mine")
    journal, _ = opened(store)
    journal.append(b"one")
    journal.forget(1)
    journal.close()
    assert other.read_text() == "mine"
