"""dlguide: the companion package of the PyTorch guide that cannot rot.

One module for each lesson, in reading order; a module leans only on those before it.

1. `dlguide.tensors`: say what a tensor is, where it lives, which shapes fit together.
2. `dlguide.workflow`: split data, train, evaluate, save and load a model.
3. `dlguide.classification`: from logits to labels, and how far to trust them.
4. `dlguide.vision`: pictures as tensors, and a small convolutional network.
5. `dlguide.datasets`: tables and folders of pictures as data.
6. `dlguide.overfitting`: what loss curves say, and cures that were measured.

`dlguide.pictures` puts them together into a program: `python -m dlguide.pictures`.
`dlguide.preflight` looks for mistakes that raise nothing, before you train.
`dlguide.errors` explains those that raise; it leans on nothing.

Nothing is imported here, so `import dlguide` costs nothing.
"""

__version__ = "0.1.0"
