"""Real-time recurrent learning: sensitivities of the state in every weight are carried forward, nothing goes back."""

import numpy as np


def gradients(params, x, y, h0):
    W_xh, W_hh, b_h, W_hy, b_y = (params[name] for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y"))
    unit = np.eye(len(h0))
    # s[k, ...] = d h_k / d weight
    s_x = np.zeros((len(h0), *W_xh.shape))
    s_h = np.zeros((len(h0), *W_hh.shape))
    s_b = np.zeros((len(h0), *b_h.shape))
    s_0 = unit.copy()
    g_x, g_h, g_b = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    g_y, g_c, g_0 = np.zeros_like(W_hy), np.zeros_like(b_y), np.zeros_like(h0)

    h = h0
    for x_t, y_t in zip(x, y, strict=True):
        h_prev, h = h, np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        slope = 1 - h**2
        s_x = slope[:, None, None] * (np.tensordot(W_hh.T, s_x, 1) + np.einsum("i,jk->kij", x_t, unit))
        s_h = slope[:, None, None] * (np.tensordot(W_hh.T, s_h, 1) + np.einsum("i,jk->kij", h_prev, unit))
        s_b = slope[:, None] * (W_hh.T @ s_b + unit)
        s_0 = slope[:, None] * (W_hh.T @ s_0)

        error = h @ W_hy + b_y - y_t
        dh = W_hy @ error
        g_x += np.tensordot(dh, s_x, 1)
        g_h += np.tensordot(dh, s_h, 1)
        g_b += dh @ s_b
        g_0 += dh @ s_0
        g_y += np.outer(h, error)
        g_c += error
    return {"gW_xh": g_x, "gW_hh": g_h, "gb_h": g_b, "gW_hy": g_y, "gb_y": g_c, "gh0": g_0}
