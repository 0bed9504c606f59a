"""zip(reversed(a), reversed(b)) for zip(reversed(a), b), and for zip(a[-1:], b[-1:]): what is gone through together."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Name(id="zip"), args=[first, *rest]) if rest:
            args = [first, *rest]
            for arg in args:
                match arg:
                    case ast.Name() | ast.Attribute():
                        yield Change(arg, f"reversed({site.of(arg)})")
                    case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
                        yield Change(arg, site.of(inner))
            sliced = [arg.value for arg in args if isinstance(arg, ast.Subscript) and isinstance(arg.slice, ast.Slice)]
            if len(sliced) == len(args):
                (start, _), (_, end) = site.source.span(first), site.source.span(rest[-1])
                for form in ("{}", "reversed({})"):
                    yield Change((start, end), ", ".join(form.format(site.of(each)) for each in sliced))


KIND = Kind("reverse what is zipped", (ast.Call,), propose)
