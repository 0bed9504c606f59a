"""Repairs for the report tests, made by hand: the demo's class mended, in part, or not at all, and all attack."""

from dataclasses import replace

from gradparity.harness.patch import Change, Hunk, Patch, Repair

DIFF = """\
--- a/sub dir/elman.py
+++ b/sub dir/elman.py
@@ -23,7 +23,7 @@
         dcdHin = np.zeros_like(dcdH)
         dcdHin[-1] = dcdH[-1] * (1 - self.H[-1] ** 2)
         for t in reversed(range(len(y) - 1)):
-            dcdH[t] += dcdHin[t] @ self.Whh.T
+            dcdH[t] += dcdHin[t + 1] @ self.Whh.T
             dcdHin[t] = dcdH[t] * (1 - self.H[t] ** 2)
         dcdWhh = self.H[:-1].T @ dcdHin[1:]
         return {"dcdWxh": self.x.T @ dcdHin, "dcdWhh": dcdWhh, "dcdWhy": self.H.T @ dcdOut}
"""
OLD = "            dcdH[t] += dcdHin[t] @ self.Whh.T"
NEW = "            dcdH[t] += dcdHin[t + 1] @ self.Whh.T"
FILE = "sub dir/elman.py"


def _patch(what: str, new: str, kind: str) -> Patch:
    diff = DIFF.replace(f"+{NEW}", f"+{new}")
    return Patch(FILE, (Change(26, what, kind),), diff, (Hunk(26, (OLD,), (new,)),), ("dcdWxh", "dcdWhh"), tried_on=12)


OTHERS = (
    _patch("np.dot for @", "            dcdH[t] += np.dot(dcdHin[t + 1], self.Whh.T)", "calls"),
    _patch("dcdHin[-~t] for dcdHin[t]", NEW.replace("t + 1", "-~t"), "index"),
)
FIRST = _patch("dcdHin[t + 1] for dcdHin[t]", NEW, "index")
MENDED = Repair(
    patches=(replace(FIRST, equivalents=OTHERS),),
    tried=3441,
    pruned=812,
    survivors=3,
    ended={"raised": 412, "timeout": 3, "crash": 1},
    seconds=12.4,
    rate=342.6,
    ratio=0.452,
)
INSERTED = Patch(
    FILE,
    (Change(29, "the first step's term added", "first_term"), Change(31, "a line dropped", "drop_statement")),
    "--- a/elman.py\n+++ b/elman.py\n@@ -28,0 +29 @@\n+        dcdWhh += np.outer(self.h0, dcdHin[0])\n"
    "@@ -31 +31,0 @@\n-        dcdWhh /= 2\n",
    (Hunk(29, (), ("        dcdWhh += np.outer(self.h0, dcdHin[0])",)), Hunk(31, ("        dcdWhh /= 2",), ())),
    ("dcdWhh",),
    ("dcdWxh",),
    5,
)
HALF = Repair(
    partial=(INSERTED, replace(FIRST, mends=("dcdWxh",), still_wrong=("dcdWhh",))),
    tried=1,
    whole=False,
    seconds=60.2,
    rate=120.0,
    ended={"memory": 2, "exit": 0},
)
NONE = Repair(tried=2310, pruned=1, seconds=7.5, rate=308.0)


def hostile_repair(text: str) -> Repair:
    """Every text of a repair is this one."""

    def patch(number: int, *equivalents: Patch) -> Patch:
        return Patch(
            text, (Change(number, text, text),) * 2, f"--- {text}\n+++ {text}\n-{text}\n+{text}\n````\r\n {text}\n",
            (Hunk(number, (text, f"\t{text}"), (text, text)), Hunk(9, (), (text,)), Hunk(12, (text,), ())),
            (text,) * 9, (text,) * 9, 3, equivalents,
        )  # fmt: skip

    patches = tuple(patch(k, patch(k + 100), patch(k + 200)) for k in range(1, 4))
    return Repair(patches, patches, 10**7, 10**6, 12, {text: 3, "raised": 1}, False, 1e4, 1e6, 0.001)
