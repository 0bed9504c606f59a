"""SARIF: valid by the specification, the results on their lines, and fixes that do what the patch does."""

import json
import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from gradparity.harness.patch import Change, Hunk, Patch, Repair
from gradparity.harness.writing import format_of
from gradparity.reports.sarif import render, uri
from repair_samples import FIRST, HALF, INSERTED, MENDED, NONE
from report_samples import SAMPLES
from test_report_repair import RESULT, of

# The objects of SARIF 2.1.0 that are used, each with the properties it may have; those with "!" it must have.
OBJECTS: dict[str, dict[str, Any]] = {
    "log": {"$schema": str, "version!": str, "runs!": ["run"]},
    "run": {"tool!": "tool", "invocations": ["invocation"], "columnKind": str, "results": ["result"]},
    "tool": {"driver!": "driver"},
    "driver": {"name!": str, "version": str, "rules": ["rule"]},
    "rule": {"id!": str, "name": str, "shortDescription": "message", "defaultConfiguration": "configuration"},
    "configuration": {"level": str},
    "invocation": {"executionSuccessful!": bool, "exitCode": int},
    "result": {"ruleId": str, "ruleIndex": int, "level": str, "message!": "message", "locations": ["location"],
               "fixes": ["fix"], "properties": "bag"},
    "bag": {"problem": str},
    "message": {"text!": str},
    "location": {"physicalLocation": "place"},
    "place": {"artifactLocation!": "file", "region": "region"},
    "file": {"uri!": str},
    "region": {"startLine!": int, "startColumn": int, "endLine": int, "endColumn": int},
    "fix": {"description": "message", "artifactChanges!": ["change"]},
    "change": {"artifactLocation!": "file", "replacements!": ["replacement"]},
    "replacement": {"deletedRegion!": "region", "insertedContent": "content"},
    "content": {"text": str},
}  # fmt: skip
NEVER_EMPTY = ("artifactChanges", "replacements", "runs", "rules")


def validate(value: Any, kind: Any = "log", name: str = "") -> None:
    """Raise AssertionError where a value is not what the specification wants there."""
    if isinstance(kind, list):
        assert isinstance(value, list)
        assert value or name not in NEVER_EMPTY
        if name in ("fixes", "rules"):  # unique by the schema
            assert len({json.dumps(one) for one in value}) == len(value)
        for one in value:
            validate(one, kind[0])
    elif isinstance(kind, str):
        known = {key.rstrip("!"): inner for key, inner in OBJECTS[kind].items()}
        assert set(value) <= set(known)
        assert {key[:-1] for key in OBJECTS[kind] if key.endswith("!")} <= set(value)
        for key, inner in value.items():
            validate(inner, known[key], key)
    else:
        assert type(value) is kind
        assert kind is not str or value
        assert kind is not int or value >= (1 if name.startswith(("start", "end")) else 0)


def log(sample: str) -> dict[str, Any]:
    return json.loads(render(SAMPLES[sample]()))


def run(repair: Repair | None, **changes: object) -> dict[str, Any]:
    (one,) = json.loads(render(of(repair, **changes)))["runs"]
    return one


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_report_is_valid(sample):
    found = log(sample)
    validate(found)
    assert found["version"] == "2.1.0"
    assert found["$schema"] == "https://json.schemastore.org/sarif-2.1.0.json"
    (one,) = found["runs"]
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    for result in one["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == "error"
        assert result["message"]["text"].strip()


def test_the_validator_refuses():
    for broken in ({}, {"version": "2.1.0", "runs": []}, {"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}):
        with pytest.raises(AssertionError):
            validate(broken)


def test_the_ending_asks_for_it():
    assert format_of(Path("x.sarif")) == "sarif"


def test_a_patch_is_a_result_on_its_line_with_its_equivalents_as_further_fixes():
    (result,) = log("mended")["runs"][0]["results"]
    assert result["ruleId"] == "wrong-line"
    assert result["message"]["text"].startswith("Line 26: dcdHin[t + 1] for dcdHin[t] mends dcdWxh, dcdWhh. Every")
    assert "12 further random problems" in result["message"]["text"]
    assert "recurrent adjoint is read one step too early" in result["message"]["text"]
    place = {"artifactLocation": {"uri": "sub%20dir/elman.py"}, "region": {"startLine": 26}}
    assert result["locations"] == [{"physicalLocation": place}]
    said = [fix["description"]["text"] for fix in result["fixes"]]
    assert said == [f"Line {patch.sentence[5:]}." for patch in (FIRST, *MENDED.patches[0].equivalents)]


def test_a_change_of_several_lines_is_at_all_of_them():
    both = replace(INSERTED, still_wrong=())
    (result,) = run(Repair((both,)))["results"]
    assert [one["physicalLocation"]["region"]["startLine"] for one in result["locations"]] == [29, 31]


def test_every_panel_has_its_result():
    panels = (RESULT.panels[0], replace(RESULT.panels[0], title="lstm"))
    (one,) = json.loads(render(replace(RESULT, panels=panels)))["runs"]
    assert [result["properties"]["problem"] for result in one["results"]] == ["rnn", "lstm"]


def test_half_a_repair_is_no_fix_but_has_a_line():
    (result,) = log("half mended")["runs"][0]["results"]
    assert result["ruleId"] == "wrong-gradient"
    assert "fixes" not in result
    assert "recurrent adjoint" in result["message"]["text"]
    assert "In part: Line 29" in result["message"]["text"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 29}
    assert "recurrent" not in run(HALF)["results"][0]["message"]["text"]


@pytest.mark.parametrize("repair", [None, NONE])
def test_where_no_line_is_known_the_cause_is_told_without_a_place(repair):
    diagnosis = SAMPLES["diagnosed"]().panels[0].diagnosis
    assert diagnosis is not None
    (result,) = run(repair, diagnosis=diagnosis)["results"]
    assert result["message"]["text"] == diagnosis.findings[0].sentence
    assert "locations" not in result
    (result,) = run(repair)["results"]
    assert result["message"]["text"] == "wrong"


def test_what_matches_and_what_was_not_compared_has_no_result():
    assert log("clean")["runs"][0]["results"] == []
    assert log("check")["runs"][0]["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]
    (one,) = log("empty")["runs"]
    assert one["results"] == []
    assert one["invocations"] == [{"executionSuccessful": False, "exitCode": 3}]


def test_braces_and_links_in_a_message_are_not_taken_for_any():
    patch = replace(FIRST, edits=(Change(1, "{'a': f[0](x)} for d", "keys"),))
    (result,) = run(Repair((patch,)))["results"]
    assert result["message"]["text"].startswith("Line 1: {{'a': f[0] (x)}} for d")


def test_nothing_but_ascii_is_written_and_code_is_kept_to_the_letter():
    code = "x = '\x1b[31m\t\u202e{é}](y)'"
    text = render(of(Repair((replace(FIRST, hunks=(Hunk(3, ("old",), (code,)),)),))))
    assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs")} == {"\n"}
    (fix,) = json.loads(text)["runs"][0]["results"][0]["fixes"]
    assert fix["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": code}


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("mine.py", "mine.py"),
        ("./a b/mine.py", "a%20b/mine.py"),
        ("../mine.py", "../mine.py"),
        ("src\\mine.py", "src/mine.py"),
        ("a:b#c?%.py", "a%3Ab%23c%3F%25.py"),
        ("é.py", "%C3%A9.py"),
        ("/home/a b/mine.py", "file:///home/a%20b/mine.py"),
        ("C:\\x\\mine.py", "file:///C:/x/mine.py"),
        ("\udcff.py", "%ED%B3%BF.py"),
    ],
)
def test_a_path_becomes_a_uri(file, written):
    assert uri(file) == written


def test_without_a_file_there_is_no_place():
    (result,) = run(Repair(partial=(replace(FIRST, file="", still_wrong=("b_h",)),)))["results"]
    assert "locations" not in result


def test_a_patch_of_nothing_is_no_fix():
    found = json.loads(render(of(Repair((Patch("", (), "", (), ()),)))))
    validate(found)
    assert found["runs"][0]["results"][0]["fixes"] == []


def offset(lines: Sequence[str], line: int, column: int) -> int:
    """Where a line and a column are in the text, by 3.30.2: the first of both is 1, and a line's end is part of it."""
    return sum(len(one) for one in lines[: line - 1]) + column - 1


def applied(text: str, replacements: Sequence[Mapping[str, Any]]) -> str:
    """What a consumer makes of a fix: the regions are those of the unmodified text (3.57.1)."""
    lines = text.splitlines(keepends=True)
    done, at = "", 0
    for one in replacements:
        region = one["deletedRegion"]
        start = offset(lines, region["startLine"], region["startColumn"])
        done += text[at:start] + one.get("insertedContent", {}).get("text", "")
        at = offset(lines, region["endLine"], region["endColumn"])
        assert at >= start
    return done + text[at:]


def changed(old: list[str], new: list[str], end: str = "\n") -> list[Mapping[str, Any]]:
    """The replacements of the fix that makes the new lines of the old ones."""
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    hunks = tuple(Hunk(i + 1, tuple(old[i:j]), tuple(new[k:m])) for tag, i, j, k, m in codes if tag != "equal")
    patch = Patch("x.py", (Change(1, "x", "y"),), f"-a{end}+b{end}", hunks, ("dW",))
    (fix,) = run(Repair((patch,)))["results"][0]["fixes"]
    return fix["artifactChanges"][0]["replacements"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("seed", range(40))
def test_a_fix_does_what_the_patch_does(seed, end):
    """Lines replaced, put in and left out at any place, the first and the last among them."""
    chance = random.Random(seed)
    old = [chance.choice("abc") * chance.randrange(4) for _ in range(chance.randrange(1, 9))]
    new = list(old)
    while new == old:
        for _ in range(chance.randrange(1, 4)):
            k = chance.randrange(len(new) + 1)
            new[k : k + chance.randrange(3)] = [chance.choice("abcx") * chance.randrange(4)] * chance.randrange(3)
    before, after = ("".join(line + end for line in lines) for lines in (old, new))
    assert applied(before, changed(old, new, end)) == after


def test_a_last_line_without_an_end_stays_so():
    assert applied("a\nb", changed(["a", "b"], ["a", "c"])) == "a\nc"
    assert applied("a\nb", changed(["a", "b"], ["x", "c", "d"])) == "x\nc\nd"
