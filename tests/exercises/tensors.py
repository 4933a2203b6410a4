"""Typical wrong answers to the exercises of *Tensors*, with words of their feedback."""


def second_dimension(table):
    return table[:, -1]


def last_row(table):
    return table[-1]


def kept_dimension(table):
    return table[..., -1:]


def first_column(table):
    return table[..., 0]


def of_the_whole_table(inputs):
    return (inputs - inputs.mean()) / inputs.std()


def of_each_row(inputs):
    mean, spread = inputs.mean(dim=1, keepdim=True), inputs.std(dim=1, keepdim=True)
    return (inputs - mean) / spread


def in_place(inputs):
    inputs -= inputs.mean(dim=0)
    return inputs / inputs.std(dim=0)


def no_division(inputs):
    return inputs - inputs.mean(dim=0)


def sorted_columns(inputs):
    inputs = inputs.sort(dim=0).values
    return (inputs - inputs.mean(dim=0)) / inputs.std(dim=0)


MISTAKES = {
    "last_column": [
        (second_dimension, "(2, 3, 4) the result has shape (2, 4), expected (2, 3)"),
        (last_row, "the result has shape (3,), expected (4,): the columns are the las"),
        (kept_dimension, "the result has shape (4, 1), expected (4,)"),
        (first_column, "at [0] the result is"),
    ],
    "standardize_columns": [
        (of_the_whole_table, "column 0 has the mean"),
        (of_each_row, "each column goes by its own numbers"),
        (in_place, "your code changed inputs itself"),
        (no_division, "column 0 has the standard deviation"),
        (sorted_columns, "the order of the numbers in a column has changed"),
    ],
}
