"""Hypothesis strategies of problems, for a user's suite and for our own."""

from collections.abc import Sequence

from hypothesis import strategies as st

from .models import models as all_models
from .problem import LOSSES, Problem


def problems(
    models: Sequence[str] = (),
    dtypes: Sequence[str] = ("float64", "float32"),
    losses: Sequence[str] = LOSSES,
    *,
    max_steps: int = 8,
    max_batch: int = 4,
    max_size: int = 6,
    min_batch: int = 1,
    weight_scale: tuple[float, float] = (0.01, 3.0),
) -> st.SearchStrategy[Problem]:
    """Problems of every model and shape up to these sizes, shrinking to one step, one element, one unit.

    For an unbatched candidate ask for `max_batch=1`.
    """
    size = st.integers(1, max_size)
    timed = st.integers(1, max_steps).flatmap(
        lambda T: st.tuples(st.just(T), st.sampled_from(["all", "last"]) | st.integers(0, T - 1))
    )
    return st.builds(
        lambda timed, **rest: Problem(T=timed[0], loss_on=timed[1], **rest),
        timed,
        model=st.sampled_from(list(models) or list(all_models())),
        B=st.integers(min_batch, max_batch),
        I=size,
        H=size,
        O=size,
        loss=st.sampled_from(list(losses)),
        dtype=st.sampled_from(list(dtypes)),
        weight_scale=st.floats(*weight_scale),
        seed=st.integers(0, 2**32 - 1),
    )
