"""SARIF 2.1.0: what is wrong on the line that it is wrong on, with its fix, as code scanning and editors show it.

The format is OASIS' Static Analysis Results Interchange Format, errata 01; numbers of its sections stand beside what
follows from them.
"""

import json
from collections.abc import Iterator
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..harness.compare import CANNOT_TELL
from . import Report
from ._figures import visible
from ._repair import said, tested

if TYPE_CHECKING:
    from ..harness.patch import Hunk, Patch
    from ..harness.result import Panel, Result

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LINE, GRADIENT = "wrong-line", "wrong-gradient"
RULES = {
    LINE: ("WrongLine", "A line of a backward pass is wrong: an edit of it makes the gradients right."),
    GRADIENT: ("WrongGradient", "A gradient differs from that of the references by more than the rounding noise."),
}


def render(result: "Result") -> str:
    """One run, with a result for every problem that something is wrong on."""
    driver = {"name": "gradparity", "rules": [_rule(name) for name in RULES]}
    if result.gradparity:
        driver["version"] = visible(result.gradparity)
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": result.exit_code in (0, 1, 2), "exitCode": result.exit_code}],
        "columnKind": "unicodeCodePoints",
        "results": [found for panel in result.panels for found in _results(panel)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(name: str) -> dict[str, Any]:
    title, meaning = RULES[name]
    return {
        "id": name,
        "name": title,
        "shortDescription": {"text": meaning},
        "defaultConfiguration": {"level": "error"},
    }


def _results(panel: "Panel") -> Iterator[dict[str, Any]]:
    """The line to change where one is known, else why the gradients differ, on the line that mends a part of it."""
    why = [finding.sentence for finding in panel.diagnosis.findings[:1]] if panel.diagnosis else []
    patches, partial = (panel.repair.patches, panel.repair.partial) if panel.repair else ((), ())
    if patches:
        fixes = [_fix(patch) for patch in (patches[0], *patches[0].equivalents) if patch.file and patch.hunks]
        message = [said(patches[0]), tested(patches[0]), *why]
        yield {**_result(panel, LINE, message), **_place(patches[0]), "fixes": fixes}
    elif partial:
        message = [*why, f"In part: {said(partial[0])}"]
        yield {**_result(panel, GRADIENT, message), **_place(partial[0])}
    elif panel.verdict == "mismatch":
        yield _result(panel, GRADIENT, why or [panel.sentence])
    elif panel.verdict == CANNOT_TELL:  # "open", 3.27.9: not enough is known to decide; such a result has no level
        yield {**_result(panel, GRADIENT, [panel.sentence]), "kind": "open", "level": "none"}


def _result(panel: "Panel", rule: str, message: list[str]) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "ruleIndex": list(RULES).index(rule),
        "level": "error",
        "message": _message(" ".join(message)),
        "properties": {"problem": visible(panel.title)},
    }


def _message(text: str) -> dict[str, str]:
    """Braces are doubled (3.11.5), and what would read as an embedded link, such as `f[0](x)`, is parted (3.11.6)."""
    text = visible(text, keep="\n").replace("{", "{{").replace("}", "}}")
    return {"text": text.replace("](", "] (")}


def _place(patch: "Patch") -> dict[str, Any]:
    """The lines that a patch changes, all of which have to be, as more than one location says (3.27.12). A result need
    not have any: there is none where no file is known."""
    if not patch.file:
        return {}
    file, lines = {"uri": uri(patch.file)}, dict.fromkeys(edit.line for edit in patch.edits)
    places = [{"artifactLocation": file, "region": {"startLine": line}} for line in lines]
    return {"locations": [{"physicalLocation": place} for place in places]}


def _fix(patch: "Patch") -> dict[str, Any]:
    end = "\r\n" if "\r\n" in patch.diff else "\n"
    change = {
        "artifactLocation": {"uri": uri(patch.file)},
        "replacements": [_replacement(hunk, end) for hunk in patch.hunks],
    }
    return {"description": _message(said(patch)), "artifactChanges": [change]}


def _replacement(hunk: "Hunk", end: str) -> dict[str, Any]:
    """Lines for lines. Where one side is empty, whole lines go or come, each with its end."""
    last = hunk.line + len(hunk.before)
    region = {"startLine": hunk.line, "startColumn": 1, "endLine": last, "endColumn": 1}
    text = "".join(f"{line}{end}" for line in hunk.after)
    if hunk.before and hunk.after:  # the last end stays as it is: a file need not have one there
        region |= {"endLine": last - 1, "endColumn": len(hunk.before[-1]) + 1}
        text = text.removesuffix(end)
    return {"deletedRegion": region, **({"insertedContent": {"text": text}} if text else {})}


def uri(file: str) -> str:
    """The path of a file as a relative reference, or as a file URI where it is absolute (RFC 3986, RFC 8089)."""
    path = PureWindowsPath(file)  # reads the separators of both worlds
    absolute = bool(path.root)
    spelt = quote(path.as_posix().encode("utf-8", "surrogatepass"), safe="/:" if absolute else "/")
    return f"file:///{spelt.lstrip('/')}" if absolute else spelt


REPORT = Report("sarif", ".sarif", "code scanning and editors: what is wrong, on its line, with the fix", render)
