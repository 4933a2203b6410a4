"""Typical wrong answers to the exercises of *Workflow*, and their feedback."""

import torch
from torch import nn


def broadcast(predictions, labels):
    return ((predictions - labels) ** 2).mean()


def absolute(predictions, labels):
    return (predictions - labels.reshape(predictions.shape)).abs().mean()


def summed(predictions, labels):
    return ((predictions - labels.reshape(predictions.shape)) ** 2).sum()


def plain_number(predictions, labels):
    return ((predictions - labels.reshape(predictions.shape)) ** 2).mean().item()


def detached(predictions, labels):
    errors = predictions.detach() - labels.reshape(predictions.shape)
    return (errors**2).mean()


def with_the_layer(predictions, labels):
    return nn.MSELoss()(predictions, labels.reshape(predictions.shape))


def by_position(inputs, labels, share, seed):
    cut = round(share * len(inputs))
    return inputs[:cut], labels[:cut], inputs[cut:], labels[cut:]


def two_permutations(inputs, labels, share, seed):
    torch.manual_seed(seed)
    inputs = inputs[torch.randperm(len(inputs))]
    labels = labels[torch.randperm(len(labels))]
    return by_position(inputs, labels, share, seed)


def without_seed(inputs, labels, share, seed):
    order = torch.randperm(len(inputs))
    return by_position(inputs[order], labels[order], share, seed)


def always_the_same_seed(inputs, labels, share, seed):
    torch.manual_seed(42)
    return without_seed(inputs, labels, share, seed)


def drawn_with_repeats(inputs, labels, share, seed):
    torch.manual_seed(seed)
    order = torch.randint(len(inputs), (len(inputs),))
    return by_position(inputs[order], labels[order], share, seed)


def pairs(inputs, labels, share, seed):
    torch.manual_seed(seed)
    a, b, c, d = without_seed(inputs, labels, share, seed)
    return (a, b), (c, d)


def parts_exchanged(inputs, labels, share, seed):
    torch.manual_seed(seed)
    return without_seed(inputs, labels, 1 - share, seed)


def never_cleared(model, inputs, labels, optimizer):
    loss = nn.MSELoss()(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def cleared_too_late(model, inputs, labels, optimizer):
    loss = nn.MSELoss()(model(inputs), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def no_step(model, inputs, labels, optimizer):
    optimizer.zero_grad()
    loss = nn.MSELoss()(model(inputs), labels)
    loss.backward()
    return loss.item()


def tensor_kept(model, inputs, labels, optimizer):
    optimizer.zero_grad()
    loss = nn.MSELoss()(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss


def summed_loss(model, inputs, labels, optimizer):
    optimizer.zero_grad()
    loss = nn.MSELoss(reduction="sum")(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def loss_afterwards(model, inputs, labels, optimizer):
    tensor_kept(model, inputs, labels, optimizer)
    return nn.MSELoss()(model(inputs), labels).item()


def still_dropping(model, inputs):
    with torch.inference_mode():
        return model(inputs)


def recording(model, inputs):
    training = model.training
    predictions = model.eval()(inputs)
    model.train(training)
    return predictions


def left_in_eval(model, inputs):
    model.eval()
    with torch.no_grad():
        return model(inputs)


def always_back_in_training(model, inputs):
    predictions = left_in_eval(model, inputs)
    model.train()
    return predictions


def frozen(model, inputs):
    model.requires_grad_(False)
    return recording(model, inputs)


def alias(model, epochs, train_epoch, validation_loss):
    best, state = float("inf"), None
    for _ in range(epochs):
        train_epoch(model)
        if (loss := validation_loss(model)) < best:
            best, state = loss, model.state_dict()
    model.load_state_dict(state)
    return best


def last_epoch(model, epochs, train_epoch, validation_loss):
    for _ in range(epochs):
        train_epoch(model)
        loss = validation_loss(model)
    return loss


def largest_loss(model, epochs, train_epoch, validation_loss):
    worst, state = 0, None
    for _ in range(epochs):
        train_epoch(model)
        if (loss := validation_loss(model)) > worst:
            copies = {k: v.clone() for k, v in model.state_dict().items()}
            worst, state = loss, copies
    model.load_state_dict(state)
    return worst


def returns_the_last_loss(model, epochs, train_epoch, validation_loss):
    best, state = float("inf"), None
    for _ in range(epochs):
        train_epoch(model)
        if (loss := validation_loss(model)) < best:
            best = loss
            state = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(state)
    return loss


def trains_once(model, epochs, train_epoch, validation_loss):
    train_epoch(model)
    return validation_loss(model)


MISTAKES = {
    "mean_squared_error": [
        (
            broadcast,
            "For perfect predictions of shape (4, 1) and labels of shape (4,), ",
        ),
        (absolute, "the mean of the squared errors"),
        (summed, "the result is 1.7581, expected 0.43952: the mean"),
        (plain_number, "the result is a float, expected a tensor"),
        (with_the_layer, "Your code calls PyTorch's mse_loss"),
        (detached, "lost its way back to the predictions"),
    ],
    "split_at_random": [
        (by_position, "just the first samples: shuffle before you cut"),
        (two_permutations, "inputs and labels no longer belong together"),
        (without_seed, "a second call gave another split: use the seed"),
        (always_the_same_seed, "and seed 2, the split is the same as for seed 1"),
        (drawn_with_repeats, "samples appear twice, and others not at all"),
        (pairs, "the result is a tuple of 2, expected 4 things: train_inputs, train_l"),
        (parts_exchanged, "train_inputs has shape (10, 2), expected (30, 2)"),
    ],
    "take_step": [
        (never_cleared, "For the second step of a linear model on 8 samples, the par"),
        (cleared_too_late, "no parameter has moved"),
        (no_step, "no parameter has moved"),
        (tensor_kept, "which keeps the whole graph alive, expected a plain number"),
        (summed_loss, "but not along the gradient of the mean squared error"),
        (loss_afterwards, "the mean squared error before the step"),
    ],
    "predict_quietly": [
        (still_dropping, "some numbers were dropped while it predicted"),
        (recording, "the result still records gradients"),
        (left_in_eval, "the model is in eval mode afterwards, expected it as it was"),
        (always_back_in_training, "the model is in training mode afterwards"),
        (frozen, "parameters can no longer be trained"),
    ],
    "keep_best": [
        (alias, "ends with the weights of epoch 4, expected 2: what you kept may be"),
        (last_epoch, "ends with the weights of epoch 4, expected 2"),
        (largest_loss, "ends with the weights of epoch 1, expected 2."),
        (returns_the_last_loss, "the result is 0.7, expected the smallest loss, 0.4"),
        (trains_once, "train_epoch was called 1×, expected 4×"),
    ],
}
