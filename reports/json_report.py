"""JSON: the Result itself, from which every other report can be made again."""

from ..harness.result import to_json
from . import Report

REPORT = Report("json", ".json", "the result itself; `gradparity report` reads it", to_json)
