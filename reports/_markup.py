"""How any text is spelt in markdown, so that it is shown as the text it is."""

import re
from collections.abc import Iterable

from ._figures import mark, visible

LONGEST = 12_000  # characters of code in a comment
SIGNS = {"✓": "✅", "✗": "❌", "!": "⚠️", "?": "⚠️", "○": "⚪"}


def sign(verdict: str) -> str:
    return SIGNS[mark(verdict)]


def prose(text: str, line: str = "<br>") -> str:
    """Any text, with nothing in it that markdown, HTML or a table could read as theirs."""
    text = visible(text, keep="\n").strip().replace("&", "&amp;")
    text = re.sub(r"([\\|`*\[\]~$])", r"\\\1", text).replace("<", "&lt;")
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)  # snake_case is no emphasis
    text = re.sub(r"@(?=\w)", "@&#8203;", text)  # names nobody: a zero-width space, as bots do it
    text = re.sub(r"^(\s*)([-+=#:>]|\d+(?=[.)]))", _opening, text, flags=re.M)
    return text.replace("\n", line)


def code(name: str) -> str:
    """A name in code type; one that a code span cannot hold safely is spelt in entities."""
    name = visible(name)
    if re.fullmatch(r"[\w.:/ =,+()-]*\w[\w.:/ =,+()-]*", name):
        return f"`{name.strip()}`"
    return f"<code>{entities(name)}</code>" if name.strip() else ""


def entities(text: str, besides: str = "") -> str:
    """All but letters, digits, spaces and what is `besides` them as entities, for where markdown is not read."""
    return re.sub(rf"[^A-Za-z0-9 {re.escape(besides)}]", lambda match: f"&#{ord(match[0])};", text)


def table(head: Iterable[str], rows: Iterable[Iterable[str]], right: int = 0, left: int = 0) -> str:
    """A table; of its columns those from `left` on, `right` in number, are figures and stand right."""
    head = list(head)
    rule = ["--:" if left <= k < left + right else "---" for k in range(len(head))]
    lines = [head, rule, *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fenced(text: str, language: str = "") -> str:
    """Lines of code as they are, in a fence that none of them can close."""
    text = visible(text, keep="\n\t").strip("\n")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def fitted(text: str, language: str) -> str:
    """The same, where it is not too long for a comment."""
    return fenced(text, language) if len(text) <= LONGEST else "Too long for a comment; the HTML report holds it."


def folded(title: str, *parts: str) -> str:
    """Parts that open on a click; the title is entities where it is not ours."""
    return "\n\n".join([f"<details><summary>{title}</summary>", *parts, "</details>"])


def _opening(match: re.Match[str]) -> str:
    """The start of a line, spelt so that it starts no list, heading, quotation or rule."""
    return match[1] + "".join(f"&#{ord(character)};" for character in match[2])
