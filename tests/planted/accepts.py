"""Patterns that name a cause which rows of several files share."""

# "A => B;" is a line of the reference and what it would have to read.
NO_CARRY = (r"(nothing|no error) flows back in time", r"dh\[t\] \+= dh_next => (pass)?;", r"dh_next = \S.* => .*zeros")
FLOW_TRANSPOSED = (
    r"@ W_hh\.T => .*@ W_hh\b(?!\.T)",
    r"recurrent weight.{0,30} (not transposed|transposed)",
    r"lacks \.T",
)
GRADIENT_TRANSPOSED = (r"W\w* is (the )?transpose", r"flat\(h\[:-1\]\)\.T @ flat\(da\).* => .*flat\(da\)\.T @ flat\(h")
STATE_MADE = (r"h_t.{0,80}h_\(t-1\) is meant", r"h_t stands where", r"flat\(h\[:-1\]\)\.T.* => .*flat\(h\[1:\]\)")
STEP_0_ALONE = (r"term of timestep 0 alone", r"only timestep 0")
BIAS_OF_STEP_0 = (*STEP_0_ALONE, r"flat\(da\)\.sum\(0\), => .*da\[0\]\.sum\(0\)")
SLOPE_MISSING = (
    r"not been multiplied with the slope",
    r"slope.{0,40}(missing|forgotten)",
    r"dh\[t\] \* slope\(.* => da\[t\] = dh\[t\];",
)
SLOPE_BYPASSED = (r"@ W_hh\.T => .*\bdh\[t\] @ W_hh\.T", r"carr\w+.{0,80}(slope|nonlinearity)")
MEAN_OVER_BATCH = (r"scaled by 1/B", r"mean is taken over the batch")
