# %% [markdown]
# # Four models for pictures
# A linear model, two networks with ReLU and a convolutional network, trained and compared on real pictures, as one program.
#
# The lesson [Vision](../../lessons/vision/) explains each step.
# The program runs on Fashion-MNIST where it finds the data, and else on the handwritten digits that come with scikit-learn; its first output says which it was.

# %% [markdown]
# ## Write down the settings
# Everything that you might want to change stands here, once, in capitals.

# %%
import os

import pandas as pd
import torch
from torch import nn

from dlguide.classification import (
    accuracy,
    confusion_matrix,
    plot_confusion_matrix,
    to_labels,
)
from dlguide.tensors import pick_device
from dlguide.vision import (
    FASHION_MNIST_CLASSES,
    TensorLoader,
    TinyVGG,
    digits,
    fashion_mnist,
    most_confident_mistakes,
    plot_images,
)
from dlguide.workflow import (
    count_parameters,
    evaluate,
    plot_history,
    predict,
    split_data,
    train,
)

SEED = 42
BATCH_SIZE = 32
HIDDEN_UNITS = 10
EPOCHS = {"Fashion-MNIST": 3, "digits": 25}

device = pick_device()

# %% [markdown]
# ## Load the data
# Set the variable DLGUIDE_DATA to a folder with the four files of Fashion-MNIST, and the program runs on them.
# To download them once, call fashion_mnist() without a folder.

# %%
if os.environ.get("DLGUIDE_DATA"):
    name, classes = "Fashion-MNIST", list(FASHION_MNIST_CLASSES)
    learn, test_set = fashion_mnist(train=True), fashion_mnist(train=False)
    train_set, validation_set = split_data(*learn, shares=(0.9, 0.1), seed=SEED)
else:
    name, classes = "digits", [str(digit) for digit in range(10)]
    train_set, validation_set, test_set = split_data(*digits(), seed=SEED)
sizes = [len(labels) for _, labels in (train_set, validation_set, test_set)]
print(name, tuple(train_set[0].shape[1:]), "train, validation, test:", sizes)

# %% alt="Sixteen grey pictures from the training set in two rows, each with the name of its class above it."
titles = [classes[label] for label in train_set[1][:16].tolist()]
_ = plot_images(train_set[0][:16], titles)

# %% [markdown]
# ## Build the models
# Each is built after the same seed; they differ in one thing at a time.
# The third has a ReLU after its last layer, a common mistake, to show what it costs.

# %%
channels, side, _ = train_set[0].shape[1:]
features = channels * side * side


def build(layers):
    torch.manual_seed(SEED)
    return layers().to(device)


def flat(*activations):
    hidden, last = nn.Linear(features, HIDDEN_UNITS), nn.Linear(HIDDEN_UNITS, 10)
    between, after = activations
    return nn.Sequential(nn.Flatten(), hidden, between, last, after)


models = {
    "linear": build(lambda: flat(nn.Identity(), nn.Identity())),
    "ReLU between": build(lambda: flat(nn.ReLU(), nn.Identity())),
    "ReLU at the end too": build(lambda: flat(nn.ReLU(), nn.ReLU())),
    "TinyVGG": build(lambda: TinyVGG(channels, HIDDEN_UNITS, 10, image_size=side)),
}
{model_name: count_parameters(model) for model_name, model in models.items()}

# %% [markdown]
# ## Train
# The flat models take plain gradient descent, the convolutional one takes Adam.
# All meet the same batches in the same order.

# %%
loss_function = nn.CrossEntropyLoss()
metrics = {"accuracy": accuracy}
histories = {}
for model_name, model in models.items():
    loader = TensorLoader(
        *train_set, batch_size=BATCH_SIZE, shuffle=True, seed=SEED, device=device
    )
    if model_name == "TinyVGG":
        optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    histories[model_name] = train(
        model,
        loader,
        loss_function,
        optimizer,
        epochs=EPOCHS[name],
        validation=TensorLoader(*validation_set, batch_size=256, device=device),
        metrics=metrics,
    )

# %% alt="The learning curves of TinyVGG: on the left the loss of training and validation falls with each epoch, on the right both accuracies rise."
_ = plot_history(histories["TinyVGG"])

# %% [markdown]
# ## Compare
# The test set is asked once, at the very end.
# Averages count pictures, not batches.

# %%
test_loader = TensorLoader(*test_set, batch_size=256, device=device)
rows = []
for model_name, model in models.items():
    result = evaluate(model, test_loader, loss_function, metrics=metrics)
    trained = histories[model_name].train["accuracy"][-1]
    rows.append(
        [
            model_name,
            count_parameters(model),
            round(100 * trained, 1),
            round(100 * result["accuracy"], 1),
            round(result["loss"], 3),
        ]
    )
columns = ["model", "parameters", "train %", "test %", "test loss"]
pd.DataFrame(rows, columns=columns)

# %% [markdown]
# The ReLU at the end makes training and test worse alike: that is a fault, not overfitting.

# %%
ranking = sorted(rows, key=lambda row: row[3], reverse=True)
assert ranking[-1][0] == "ReLU at the end too"
[row[0] for row in ranking]

# %% [markdown]
# ## Look at the mistakes
# Rows are what a picture shows, columns what the best model took it for.

# %% alt="A square of ten by ten fields: the counts on the diagonal are large, those beside it small."
logits = predict(models["TinyVGG"], test_loader)
labels = test_set[1].to(device)
matrix = confusion_matrix(to_labels(logits), labels, classes=10)
_ = plot_confusion_matrix(matrix, classes)

# %% [markdown]
# And the wrong answers that it is most sure of.

# %% alt="Eight grey pictures that were classified wrongly, each with its true class, the answer, and how sure the model was."
mistakes = most_confident_mistakes(logits, labels, count=8)
titles = [
    f"{classes[m.label]}\nas {classes[m.predicted]}\n{m.probability:.0%}"
    for m in mistakes
]
_ = plot_images(test_set[0][[m.index for m in mistakes]], titles, columns=4)

# %% [markdown]
# To go on: change one setting at the top, and run all of it again.
