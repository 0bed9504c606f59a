"""A script from a lesson: a function for every question, with names that say everything. Squared error, all steps."""

import numpy as np


def run_the_network_forward(input_sequence, initial_state, weights):
    """All states the network goes through, the initial one first, and what it predicts at every step."""
    state_history = [initial_state]
    prediction_history = []
    for current_input in input_sequence:
        weighted_input = np.dot(current_input, weights["W_xh"])
        weighted_state = np.dot(state_history[-1], weights["W_hh"])
        new_state = np.tanh(weighted_input + weighted_state + weights["b_h"])
        state_history.append(new_state)
        prediction_history.append(np.dot(new_state, weights["W_hy"]) + weights["b_y"])
    return state_history, prediction_history


def find_how_wrong_each_prediction_was(prediction_history, target_sequence):
    return [prediction - target for prediction, target in zip(prediction_history, target_sequence, strict=True)]


def blame_the_hidden_units(error_history, state_history, weights):
    """Blame on every step's weighted sum, in order of time, and what is left over for the initial state."""
    blame_history = []
    blame_from_the_future = np.zeros_like(state_history[0])
    for step in reversed(range(len(error_history))):
        blame_from_the_present = np.dot(error_history[step], weights["W_hy"].T)
        blame_on_the_state = blame_from_the_present + blame_from_the_future
        slope_of_tanh = 1.0 - np.square(state_history[step + 1])
        blame_on_the_sum = blame_on_the_state * slope_of_tanh
        blame_history.insert(0, blame_on_the_sum)
        blame_from_the_future = np.dot(blame_on_the_sum, weights["W_hh"].T)
    return blame_history, blame_from_the_future


def add_up_over_time(values_before_the_weight, blames_behind_the_weight):
    pairs = list(zip(values_before_the_weight, blames_behind_the_weight, strict=False))
    return sum(np.dot(value.T, blame) for value, blame in pairs)


def gradients(params, x, y, h0):
    state_history, prediction_history = run_the_network_forward(x, h0, params)
    error_history = find_how_wrong_each_prediction_was(prediction_history, y)
    blame_history, blame_on_the_initial_state = blame_the_hidden_units(error_history, state_history, params)
    return {
        "W_xh": add_up_over_time(x, blame_history),
        "W_hh": add_up_over_time(state_history, blame_history),
        "b_h": sum(blame.sum(axis=0) for blame in blame_history),
        "W_hy": add_up_over_time(state_history[1:], error_history),
        "b_y": sum(error.sum(axis=0) for error in error_history),
        "h0": blame_on_the_initial_state,
    }
