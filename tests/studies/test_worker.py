"""The process that concludes: frames in, frames out, and an end when nobody asks."""

import io
import os
import subprocess
import sys
import threading

import msgspec

from tests.studies.worlds import AFTER_DAYS, daily, launched
from upshot.catalog.verdict import Verdict
from upshot.studies.conclude import conclude
from upshot.studies.worker import CONCLUDE, SINGLE_THREAD, read_frame, serve, write_frame


def test_frames_are_read_as_they_were_written() -> None:
    stream = io.BytesIO()
    write_frame(stream, b"one")
    write_frame(stream, b"")
    stream.seek(0)
    assert [read_frame(stream), read_frame(stream), read_frame(stream)] == [b"one", b"", None]
    assert read_frame(io.BytesIO(b"\x00\x00\x00\x09short")) is None


def test_silence_ends_it() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as asked, os.fdopen(writing, "wb"):
        thread = threading.Thread(target=serve, args=(asked, io.BytesIO()), kwargs={"idle_seconds": 0.05})
        thread.start()
        thread.join(30)
        assert not thread.is_alive()


def test_digits_do_not_depend_on_the_process_and_nonsense_is_answered() -> None:
    inputs = launched(daily(21, days=AFTER_DAYS, effect=0.1))
    answers = []
    for threads in ("1", "2"):
        environment = {**os.environ, **dict.fromkeys(SINGLE_THREAD, threads)}
        with subprocess.Popen(
            [sys.executable, "-m", "upshot.studies.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            write_frame(process.stdin, CONCLUDE + b"{}")
            refused = read_frame(process.stdout)
            assert refused is not None
            assert refused.startswith(b"-")
            assert b"ValidationError" in refused
            write_frame(process.stdin, CONCLUDE + inputs.to_bytes())
            answers.append(read_frame(process.stdout))
            process.stdin.close()
            assert process.wait(30) == 0
    assert answers[0] == answers[1]
    assert answers[0] is not None
    assert msgspec.json.decode(answers[0][1:], type=Verdict) == conclude(inputs)


def test_concluding_loads_no_laws_that_take_a_second() -> None:
    program = (
        "import sys, upshot.studies.conclude, upshot.objectives.forecast; "
        "print(sorted({'scipy.stats', 'pandas', 'statsmodels', 'duckdb', 'sqlalchemy'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
