"""`monitor match`: JSON lines in, JSON lines out, in order; a bad line is told of by its number."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from monitor.match_lines import match_lines
from tests.monitor.desk import MATCHER
from tests.patience import LONG_S

LINES = [
    b'{"id": 1, "title": "T\xe1\xba\xadp \xc4\x91o\xc3\xa0n FPT kh\xe1\xbb\x9fi c\xc3\xb4ng"}\n',
    b"not json\n",
    b"\n",
    b'{"id": "b", "text": "Mila Kunis sold her house.", "lang": "en-US", "url": null}\n',
    b"[1, 2]\n",
    b'{"id": 3}\n',
    b'{"title": 5}\n',
    b'{"title": "\xff\xfe"}\n',
    b'{"title": "FUNiX", "text": "FUNiX opens", "url": "https://funix.edu.vn/x"}\n',
    b'{"title": "no name"}',
]


def test_answers_keep_the_order_and_bad_lines_their_number() -> None:
    answers = list(match_lines(LINES, MATCHER))
    assert [answer.get("line") or answer.get("id") for answer in answers] == [1, 2, "b", 5, 6, 7, 8, None, None]
    assert all("error" in answer for answer in answers if "line" in answer)
    first, funix = answers[0], answers[-2]
    assert first["topics"] == ["FPT"] and not first["suppressed"]
    (mention,) = first["mentions"]
    title = json.loads(LINES[0])["title"]
    assert title[mention["start"] : mention["end"]] == mention["alias"] == "Tập đoàn FPT"
    assert set(mention) == {"topic", "unit", "alias", "field", "start", "end", "snippet", "score", "parts", "passing"}
    assert answers[2]["topics"] == [] and answers[2]["suppressed"][0]["rule"] == "rival: Mila Kunis"
    assert funix["mentions"][0]["parts"]["own site"] > 0
    assert answers[-1]["mentions"] == []


def test_hits_in_the_frame_are_told_to_who_tunes() -> None:
    row = {"title": "Giá vàng", "text": "Vàng đứng yên.\nTin liên quan: FPT lãi lớn"}
    (answer,) = match_lines([json.dumps(row).encode()], MATCHER)
    assert not answer["topics"] and [hit["rule"] for hit in answer["suppressed"]] == ["frame"]


def test_the_command(tmp_path: Path) -> None:
    def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "monitor", "match", *arguments],
            input=given,
            capture_output=True,
            cwd=tmp_path,
            timeout=LONG_S,
            check=False,
        )

    done = run(given=b"".join(LINES))
    assert done.returncode == 3
    assert [json.loads(line).get("line") for line in done.stdout.splitlines()] == [None, 2, None, 5, 6, 7, 8, None, None]
    file = tmp_path / "lines.jsonl"
    file.write_bytes(LINES[0])
    good = run(str(file))
    assert good.returncode == 0 and json.loads(good.stdout)["topics"] == ["FPT"]
    absent = run("absent.jsonl")
    assert absent.returncode == 2 and b"absent.jsonl" in absent.stderr
