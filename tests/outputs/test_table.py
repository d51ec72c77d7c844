"""Outputs and launches from CSV: columns recognised or named, every row kept or named with its reason."""

import gzip
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from upshot.catalog.kinds import OutputKind
from upshot.core.errors import InvalidInput
from upshot.outputs.table import read_table

BERLIN = ZoneInfo("Europe/Berlin")


def written(folder: Path, text: str, name: str = "shipped.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8", newline="")
    return file


def test_columns_are_recognised_and_days_are_local(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "Summary;Type;Days;Released at;Expects;Ticket\n"
        '"Saved songs";bet;12.5;2026-07-01;subscriptions +5% within 30d;MUS-1;\n'
        "Saved songs;Bet;12.5;2026-07-01;subscriptions +5% within 30d; revenue +1% within 30d;x\n"
        "Dark mode;upkeep;;2026-07-02 09:00;;MUS-2; MUS-3\n"
        "\n"
        '"Saved songs";Bet;3;;"subscriptions +5% within 30d; revenue +1% within 30d";MUS-4\n',
    )
    found = read_table(file, BERLIN)
    assert [str(remark) for remark in found.remarks] == [
        "shipped.csv:2: The row has 7 columns; there are 6.",
        "shipped.csv:3: The row has 7 columns; there are 6.",
        "shipped.csv:4: The row has 7 columns; there are 6.",
    ]
    (songs,) = found.outputs
    assert (songs.name, songs.kind, songs.cost and songs.cost.days, songs.refs) == (
        "saved-songs",
        OutputKind.BET,
        3.0,
        ("MUS-4",),
    )
    assert len(songs.expects) == 2
    assert found.launches == ()


def test_rows_of_one_launch_share_it(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "title,launch name,date\nA,Spring,2026-03-01\nB,Spring,2026-03-01\nC,Spring,2026-03-02\nD,,2026-03-02\n",
    )
    found = read_table(file, BERLIN)
    assert [(launch.name, launch.outputs) for launch in found.launches] == [("spring", ("a", "b")), ("d", ("d",))]
    assert found.launches[0].at == datetime(2026, 3, 1, tzinfo=BERLIN)
    assert "has another time in an earlier row" in found.remarks[0].message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,bett,1,2026-03-01,", "There is no kind of output 'bett'; there are bet."),
        ("a,bet,-1,2026-03-01,", "cost_days must be a number that is not negative, not '-1'."),
        ("a,bet,nan,2026-03-01,", "cost_days must be a number"),
        ("a,bet,1,01/03/2026,", "'01/03/2026' is not a time"),
        ("a,bet,1,2026-03-01,more", "'more' is not an expectation"),
        (",bet,1,2026-03-01,", "no name and no title"),
        ("first,bet,1,2026-03-01,", "An output named 'first' is in line 2 already."),
    ],
)
def test_row_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path, row: str, said: str) -> None:
    file = written(tmp_path, f"title,kind,days,at,expects\nfirst,bet,1,2026-03-01,\n{row}\nlast,bet,1,2026-03-02,\n")
    found = read_table(file, BERLIN)
    assert [output.name for output in found.outputs] == ["first", "last"]
    assert [(remark.where, said in remark.message) for remark in found.remarks] == [("shipped.csv:3", True)]


def test_columns_are_named_and_patterns_are_filled(tmp_path: Path) -> None:
    file = written(tmp_path, "Feature name,Squad,When\nCart,Shop,2026-03-01\n")
    found = read_table(file, BERLIN, {"title": "{Squad}: {Feature name}", "at": "When", "team": "Squad"})
    assert [(o.name, o.title, o.team) for o in found.outputs] == [("shop-cart", "Shop: Cart", "Shop")]
    with pytest.raises(InvalidInput, match="no column 'Wen'") as refused:
        read_table(file, BERLIN, {"at": "Wen"})
    assert "When" in refused.value.hint
    with pytest.raises(InvalidInput, match="no field 'titel'"):
        read_table(file, BERLIN, {"titel": "When"})
    with pytest.raises(InvalidInput, match=r"No column of shipped\.csv gives a name or a title"):
        read_table(file, BERLIN)


def test_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for content in (b"\xff\xfe\x00", b'title\n"never closed'):
        file = tmp_path / "bad.csv"
        file.write_bytes(content)
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_table(file, BERLIN)
    with pytest.raises(InvalidInput, match="is empty"):
        read_table(written(tmp_path, "\n\n"), BERLIN)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_table(tmp_path / "none.csv", BERLIN)


def test_compressed_table_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "shipped.csv.gz"
    file.write_bytes(gzip.compress("\ufefftitle\tdays\nCart\t3\n".encode()))
    (cart,) = read_table(file, BERLIN).outputs
    assert cart.cost is not None
    assert cart.cost.days == 3.0


@pytest.mark.real_data
def test_releases_of_two_real_packages_are_all_read(data_dir: Path) -> None:
    columns = {"title": "{package} {tag}", "at": "tagged_at", "ref": "object"}
    found = read_table(data_dir / "pypi_downloads_and_releases" / "releases.csv", ZoneInfo("UTC"), columns)
    assert found.remarks == ()
    assert len(found.outputs) == len(found.launches) == 317
    assert sum(output.title.startswith("datasette ") for output in found.outputs) == 177
    first = min(found.launches, key=lambda launch: launch.at)
    assert (first.name, first.at.isoformat()) == ("datasette-0.7", "2017-11-13T10:42:30-08:00")
