# %% [markdown]
# # A straight line
# From two columns of numbers to a model that is trained, saved and loaded again, as one program.
#
# The lesson [Workflow](../../lessons/workflow/) explains each step.
# Here they stand in the order in which a project runs them: settings, data, model, training, evaluation, saving.

# %% [markdown]
# ## Write down the settings
# Everything that you might want to change stands here, once, in capitals.

# %%
import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from dlguide.tensors import pick_device, set_seed
from dlguide.workflow import (
    count_parameters,
    evaluate,
    load_weights,
    plot_history,
    plot_predictions,
    predict,
    save_weights,
    split_data,
    train,
)

SEED = 42
SHARES = (0.6, 0.2, 0.2)
BATCH_SIZE = 8
LEARNING_RATE = 0.1
EPOCHS = 100

device = pick_device()

# %% [markdown]
# ## Make and split the data
# The line has a weight of 0.7 and a bias of 0.3, and a little noise, as measured data have.
# The points are sorted, so they are shuffled before they are split.

# %%
set_seed(SEED)
inputs = torch.arange(0, 1, 0.02).unsqueeze(1)  # (50, 1)
noise = 0.02 * torch.randn(inputs.shape)
labels = 0.7 * inputs + 0.3 + noise  # (50, 1)

train_set, validation_set, test_set = split_data(
    inputs, labels, shares=SHARES, seed=SEED
)
[len(part) for part, _ in (train_set, validation_set, test_set)]

# %% [markdown]
# 30 samples are for learning, 10 for choosing, 10 for the verdict at the end.

# %% alt="Thirty training points and ten test points rise, with a little noise, from the lower left to the upper right; the test points lie among the others."
_ = plot_predictions(train_set, test_set)

# %% [markdown]
# The test points lie among the training points, as they should.

# %% [markdown]
# ## Build the model
# One linear layer with one input and one output is a straight line.

# %%
set_seed(SEED)
model = nn.Linear(in_features=1, out_features=1).to(device)
print([round(parameter.item(), 4) for parameter in model.parameters()])
count_parameters(model)

# %% [markdown]
# It starts with a weight of 0.7645 and a bias of 0.83, and these two numbers are all it has to learn.

# %% [markdown]
# ## Train
# The training set comes in shuffled batches; the validation set is evaluated after every epoch.

# %%
loss_function = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
batches = DataLoader(TensorDataset(*train_set), batch_size=BATCH_SIZE, shuffle=True)

history = train(
    model,
    batches,
    loss_function,
    optimizer,
    epochs=EPOCHS,
    validation=validation_set,
    metrics={"L1": nn.L1Loss()},
)
[round(parameter.item(), 2) for parameter in model.parameters()]

# %% [markdown]
# Weight and bias are near 0.7 and 0.3; how near is a matter of the noise.

# %% alt="Two panels, squared error on a logarithmic scale and absolute error. In both, training and validation curves drop in the first epochs, sink more slowly, and are flat from about epoch 50 on, at the level of the noise."
figure = plot_history(history)
figure.axes[0].set_yscale("log")

# %% [markdown]
# The curves become flat where only the noise is left: the training has converged, and more epochs would not help.

# %% [markdown]
# ## Evaluate once
# All choices are made, so now the test set may be looked at.

# %%
result = evaluate(model, test_set, loss_function, metrics={"L1": nn.L1Loss()})
{name: round(value, 3) for name, value in result.items()}

# %% [markdown]
# On average a prediction misses by 0.021, about the size of the noise that we added ourselves.

# %% alt="The predictions for the ten test inputs lie on a straight line through the middle of the points."
_ = plot_predictions(train_set, test_set, predict(model, test_set[0]))

# %% [markdown]
# ## Save and reload
# Only the weights are saved, so the program that loads them builds the model first.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = save_weights(model, Path(folder) / "models" / "straight_line.pth")
    reloaded = load_weights(nn.Linear(1, 1).to(device), path)

assert torch.equal(predict(reloaded, inputs), predict(model, inputs))
[round(parameter.item(), 2) for parameter in reloaded.parameters()]

# %% [markdown]
# The reloaded model answers exactly as the trained one did.
#
# Back to the lesson: [Workflow](../../lessons/workflow/).
