"""Pictures as tensors: real data and bad data, batches, shapes, pictures of them."""

import contextlib
import gzip
import hashlib
import itertools
import os
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from dlguide import vision
from dlguide.classification import accuracy
from dlguide.tensors import pick_device
from dlguide.vision import (
    FASHION_MNIST_CLASSES,
    LayerShape,
    TensorLoader,
    TinyVGG,
    convolution_output_size,
    digits,
    fashion_mnist,
    layer_shapes,
    most_confident_mistakes,
    plot_images,
    read_idx,
)
from dlguide.workflow import evaluate, train

mpl.use("agg")

DEVICE = pick_device()


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


# Digits


def test_digits_are_pictures_from_0_to_1_with_whole_labels():
    images, labels = digits()
    assert images.shape == (1797, 1, 8, 8)
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert (images.min(), images.max()) == (0, 1)
    assert labels.unique().tolist() == list(range(10))


# IDX files


def idx(*shape: int, kind: int = 8, numbers: bytes | None = None) -> bytes:
    """Return the bytes of an IDX file; its numbers count up unless they are given."""
    count = torch.Size(shape).numel()
    if numbers is None:
        numbers = bytes(n % 251 for n in range(count))
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape) + numbers


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 28, 28)])
def test_an_idx_file_is_read_as_it_was_written(tmp_path, shape, packed):
    path = tmp_path / "file"
    content = idx(*shape)
    path.write_bytes(gzip.compress(content) if packed else content)
    numbers = read_idx(path)
    assert numbers.shape == shape
    assert bytes(numbers.flatten().tolist()) == content[4 + 4 * len(shape) :]


GOOD = idx(3, 4)
BAD_FILES = {
    "empty": (b"", "it begins with : expected 00 00 08"),
    "a page of HTML": (b"<!doctype html>", "expected 00 00 08 and a rank"),
    "floats": (idx(2, kind=13), "it begins with 00 00 0d 01"),
    "no rank": (b"\0\0\x08\0", "it begins with 00 00 08 00"),
    "half a head": (GOOD[:7], "it ends within its head"),
    "cut short": (GOOD[:-1], "its head promises 12 bytes, and 11 follow"),
    "too long": (GOOD + b"x", "its head promises 12 bytes, and more follow"),
    "nothing in it": (idx(0, 4), "promises 0 bytes"),
    "a bomb": (idx(2**20, 2**12, numbers=b""), "promises 4294967296 bytes"),
    "half a packed file": (gzip.compress(GOOD)[:-12], "ended before"),
    "a flipped bit": (
        gzip.compress(GOOD)[:-8] + bytes(4) + gzip.compress(GOOD)[-4:],
        "CRC check failed",
    ),
    "a broken stream": (gzip.compress(GOOD)[:10] + b"\xff" * 20, "cannot be read"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_idx_file_is_named_with_its_fault(tmp_path, name):
    content, words = BAD_FILES[name]
    path = tmp_path / "numbers"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path} cannot be read as IDX")


def test_an_idx_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "absent")


# Fashion-MNIST from a folder


def write_part(folder: Path, part: str = "t10k", samples: int = 5, ending: str = ".gz"):
    """Write a part of the data set as its authors publish it, with made-up content."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("images-idx3", idx(samples, 28, 28)),
        ("labels-idx1", idx(samples)),
    ):
        path = folder / f"{part}-{name}-ubyte{ending}"
        path.write_bytes(gzip.compress(content, mtime=0) if ending else content)


@pytest.mark.parametrize("inside", ["", "fashion-mnist", "FashionMNIST/raw"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_at_hand_are_read_wherever_they_usually_lie(tmp_path, inside, ending):
    write_part(tmp_path / inside, ending=ending)
    images, labels = fashion_mnist(tmp_path, train=False)
    assert images.shape == (5, 1, 28, 28)
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert torch.equal(images[0, 0, 0, :3] * 255, torch.tensor([0.0, 1.0, 2.0]))
    assert labels.tolist() == [0, 1, 2, 3, 4]


def test_train_and_test_files_are_not_confused(tmp_path):
    write_part(tmp_path, "train", samples=7)
    write_part(tmp_path, "t10k", samples=3)
    assert len(fashion_mnist(tmp_path)[0]) == 7
    assert len(fashion_mnist(tmp_path, train=False)[0]) == 3


def test_the_folder_of_the_environment_is_used(tmp_path, monkeypatch):
    write_part(tmp_path / "fashion-mnist")
    monkeypatch.setenv("DLGUIDE_DATA", str(tmp_path))
    assert len(fashion_mnist(train=False)[0]) == 5


def test_a_folder_without_the_files_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no train-images-idx3-ubyte\.gz in"):
        fashion_mnist(tmp_path)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (idx(3, 8, 8), idx(3), r"holds \(3, 8, 8\): expected pictures"),
        (idx(3), idx(3), r"holds \(3,\): expected pictures"),
        (idx(3, 28, 28), idx(4), r"holds \(4,\) labels for 3 pictures"),
        (idx(11, 28, 28), idx(11), "has a label 10: expected 0 to 9"),
    ],
)
def test_files_of_another_data_set_are_refused(tmp_path, images, labels, words):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    with pytest.raises(ValueError, match=words):
        fashion_mnist(tmp_path)


@pytest.mark.skipif(
    not vision._has_files(
        Path(os.environ.get("DLGUIDE_DATA", "/nowhere")),
        ["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"],
    ),
    reason="the variable DLGUIDE_DATA names no folder with Fashion-MNIST",
)
def test_the_real_files_hold_ten_kinds_of_clothes():
    for train_part in (True, False):
        images, labels = fashion_mnist(train=train_part)
        assert labels.unique().tolist() == list(range(10))
        assert (images.min(), images.max()) == (0, 1)
        assert 0.2 < images.mean() < 0.4  # Much of a picture is background.


# Fashion-MNIST from a server


class Server(ThreadingHTTPServer):
    """Serves a folder on this machine, with the faults that its `faults` lists."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.faults: list[str] = []
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up is part of a test."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request, well or as the next fault says."""

    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        name = self.path.rpartition("/")[2]
        fault = self.server.faults.pop(0) if self.server.faults else "none"
        content = self.server.files[name]
        if fault in ("404", "500"):
            return self.send_error(int(fault))
        if fault == "redirect":
            self.send_response(302)
            self.send_header("Location", f"{self.server.address}moved/{name}")
            return self.end_headers()
        if fault == "corrupt":
            content = content[:40] + bytes([content[40] ^ 1]) + content[41:]
        if fault == "another page":
            content = b"<!doctype html>Please log in."
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault in HALF else content)
        if fault == "stall":
            time.sleep(1)
        return None

    def log_message(self, *_: object) -> None:
        """Say nothing."""


HALF = ("truncate", "stall")
NAMES = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a small data set with its checksums from two mirrors, both this machine."""
    write_part(tmp_path / "published")
    files = {name: (tmp_path / "published" / name).read_bytes() for name in NAMES}
    sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    one = Server(files)
    thread = threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    mirrors = (f"{one.address}first/", f"{one.address}second/")
    monkeypatch.setattr(vision, "_FASHION_MNIST_FILES", sums)
    monkeypatch.setattr(vision, "_FASHION_MNIST_MIRRORS", mirrors)
    monkeypatch.setattr(vision, "_STALL_SECONDS", 0.3)
    monkeypatch.delenv("DLGUIDE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield one
    one.shutdown()
    one.server_close()
    thread.join()


def cached(tmp_path) -> dict[str, bytes]:
    files = (p for p in (tmp_path / "cache").rglob("*") if p.is_file())
    return {path.name: path.read_bytes() for path in files}


def test_a_download_is_kept_and_not_repeated(server, tmp_path):
    first = fashion_mnist(train=False)
    second = fashion_mnist(train=False)
    assert torch.equal(first[0], second[0])
    assert len(first[1]) == 5
    assert server.requests == [f"/first/{name}" for name in NAMES]
    assert cached(tmp_path) == server.files


def test_a_redirect_is_followed(server, tmp_path):
    server.faults = ["redirect"]
    assert len(fashion_mnist(train=False)[1]) == 5
    assert server.requests[1] == f"/moved/{NAMES[0]}"
    assert cached(tmp_path) == server.files


FAULTS = ["404", "500", "truncate", "stall", "corrupt", "another page"]


@pytest.mark.parametrize("fault", FAULTS)
def test_another_mirror_helps_where_one_fails(server, tmp_path, fault):
    server.faults = [fault]
    assert len(fashion_mnist(train=False)[1]) == 5
    assert server.requests[:2] == [f"/first/{NAMES[0]}", f"/second/{NAMES[0]}"]
    assert cached(tmp_path) == server.files


@pytest.mark.parametrize("fault", FAULTS)
def test_where_all_mirrors_fail_the_error_says_what_to_do(server, tmp_path, fault):
    server.faults = [fault] * 2
    with pytest.raises(ConnectionError, match="cannot be downloaded") as caught:
        fashion_mnist(train=False)
    text = str(caught.value)
    assert NAMES[0] in text
    assert all(mirror in text for mirror in vision._FASHION_MNIST_MIRRORS)
    assert "without a network, copy the four files of Fashion-MNIST into" in text
    assert "\n" not in text
    # Not even half a file is left to be taken for a whole one.
    assert cached(tmp_path) == {}


def test_after_a_failure_the_next_call_starts_again(server, tmp_path):
    server.faults = ["truncate", "corrupt"]
    with pytest.raises(ConnectionError):
        fashion_mnist(train=False)
    assert len(fashion_mnist(train=False)[1]) == 5
    assert cached(tmp_path) == server.files


def test_a_damaged_file_in_the_cache_is_fetched_anew(server, tmp_path):
    fashion_mnist(train=False)
    (path,) = (tmp_path / "cache").rglob(NAMES[1])
    path.write_bytes(b"half")
    assert len(fashion_mnist(train=False)[1]) == 5
    assert cached(tmp_path) == server.files


def test_a_server_that_is_gone_is_said_to_be_out_of_reach(server, monkeypatch):
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError, match="without a network"):
        fashion_mnist(train=False)


def test_an_interrupted_download_leaves_nothing_behind(server, tmp_path, monkeypatch):
    class HangUpError(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise HangUpError

    bar = type("Bar", (), {"update": interrupt, "reset": interrupt, "close": interrupt})
    monkeypatch.setattr(
        vision, "progress_bar", lambda *_, **__: contextlib.nullcontext(bar())
    )
    with pytest.raises(HangUpError):
        fashion_mnist(train=False)
    assert cached(tmp_path) == {}


def test_two_downloads_at_once_end_with_one_whole_file(server, tmp_path):
    results: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(len(fashion_mnist(train=False)[1]))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [5, 5, 5]
    assert cached(tmp_path) == server.files


def test_a_cache_that_cannot_be_written_is_no_network_error(server, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/self/nothing")
    with pytest.raises(OSError, match="/proc/self/nothing") as caught:
        fashion_mnist(train=False)
    assert not isinstance(caught.value, ConnectionError)


def test_a_download_says_nothing_where_no_terminal_is(server, capfd):
    fashion_mnist(train=False)
    assert capfd.readouterr() == ("", "")


# Batches


def numbered(samples: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    return 10.0 * torch.arange(samples), torch.arange(samples)


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 99])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_in_order_are_those_of_a_data_loader(batch_size, drop_last):
    options = {"batch_size": batch_size, "drop_last": drop_last}
    ours = TensorLoader(*numbered(), **options)
    theirs = DataLoader(TensorDataset(*numbered()), **options)
    assert len(ours) == len(theirs)
    for (inputs, labels), other in zip(ours, theirs, strict=True):
        assert torch.equal(inputs, other[0])
        assert torch.equal(labels, other[1])


@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_a_shuffled_pass_has_every_sample_once_with_its_label(batch_size):
    loader = TensorLoader(*numbered(), batch_size=batch_size, shuffle=True)
    inputs, labels = (torch.cat(parts) for parts in zip(*loader, strict=True))
    assert torch.equal(inputs, 10.0 * labels)
    assert labels.sort().values.tolist() == list(range(10))


def orders(loader: TensorLoader, passes: int = 3) -> list[list[int]]:
    return [torch.cat([labels for _, labels in loader]).tolist() for _ in range(passes)]


def test_each_pass_has_an_order_of_its_own_and_each_seed_its_orders():
    first, second = (
        orders(TensorLoader(*numbered(), batch_size=4, shuffle=True, seed=1))
        for _ in range(2)
    )
    other = orders(TensorLoader(*numbered(), batch_size=4, shuffle=True, seed=2))
    assert first == second
    assert first != other
    assert all(a != b for a, b in itertools.pairwise(first))


def test_a_loader_leaves_the_global_random_numbers_alone():
    state = torch.get_rng_state()
    orders(TensorLoader(*numbered(), shuffle=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_shuffled_batches_without_the_last_are_all_full():
    loader = TensorLoader(*numbered(), batch_size=4, shuffle=True, drop_last=True)
    assert [len(labels) for _, labels in loader] == [4, 4]
    assert len(loader) == 2


def test_a_loader_moves_its_data_once():
    loader = TensorLoader(*numbered(), device="meta")
    assert {part.device.type for batch in loader for part in batch} == {"meta"}


@pytest.mark.parametrize(
    ("inputs", "labels", "options", "words"),
    [
        (torch.zeros(3), torch.zeros(2), {}, "3 inputs, 2 labels: expected as many"),
        (torch.zeros(0), torch.zeros(0), {}, "at least one"),
        (torch.zeros(3), torch.zeros(3), {"batch_size": 0}, "batch_size is 0"),
    ],
)
def test_a_loader_refuses_what_makes_no_batch(inputs, labels, options, words):
    with pytest.raises(ValueError, match=words):
        TensorLoader(inputs, labels, **options)


# Convolution


@pytest.mark.parametrize("size", [4, 7, 28])
@pytest.mark.parametrize("kernel_size", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("padding", "dilation"), [(0, 1), (1, 1), (2, 2)])
def test_the_formula_gives_what_the_layer_gives(
    size, kernel_size, stride, padding, dilation
):
    options = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    layer = nn.Conv2d(1, 1, **options)
    output = layer(torch.zeros(1, 1, size, size))
    assert output.shape[-1] == convolution_output_size(size, **options)


@pytest.mark.parametrize("size", [2, 5, 28])
def test_a_pooling_follows_the_same_formula(size):
    output = nn.MaxPool2d(2)(torch.zeros(1, 1, size, size))
    assert output.shape[-1] == convolution_output_size(size, kernel_size=2, stride=2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 0, "kernel_size": 1}, "size is too small"),
        ({"size": 5, "kernel_size": 0, "stride": 0}, "kernel_size and stride is too"),
        ({"size": 5, "kernel_size": 3, "padding": -1}, "padding is too small"),
        ({"size": 2, "kernel_size": 3}, "over 3 pixels does not fit into 2 with 0"),
    ],
)
def test_a_window_that_cannot_be_moved_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        convolution_output_size(options.pop("size"), **options)


# TinyVGG


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [4, 8, 28, 63, (5, 12)])
def test_tiny_vgg_takes_any_size_it_was_built_for(channels, size):
    height, width = size if isinstance(size, tuple) else (size, size)
    model = TinyVGG(channels, 6, classes=5, image_size=size)
    assert model(torch.rand(2, channels, height, width)).shape == (2, 5)


def test_tiny_vgg_ends_in_logits_that_can_be_negative():
    torch.manual_seed(0)
    logits = TinyVGG(1, 6, classes=10, image_size=8)(torch.rand(50, 1, 8, 8))
    assert (logits < 0).any()
    assert (logits > 0).any()


def test_tiny_vgg_learns_digits():
    images, labels = digits()
    torch.manual_seed(0)
    model = TinyVGG(1, 8, classes=10, image_size=8).to(DEVICE)
    loader = TensorLoader(images[:600], labels[:600], batch_size=50, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    train(model, loader, nn.CrossEntropyLoss(), optimizer, epochs=6)
    test_part = (images[-300:], labels[-300:])
    metrics = {"accuracy": accuracy}
    result = evaluate(model, test_part, nn.CrossEntropyLoss(), metrics=metrics)
    assert result["accuracy"] > 0.8


@pytest.mark.parametrize("size", [3, (8, 2)])
def test_a_picture_that_two_poolings_eat_is_refused(size):
    with pytest.raises(ValueError, match="expected 4 by 4 or more"):
        TinyVGG(1, 2, classes=2, image_size=size)


# Shapes of layers


def test_layers_are_listed_as_they_run():
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    assert layer_shapes(model, torch.zeros(4, 2, 3)) == [
        LayerShape("0", "Flatten", (4, 6)),
        LayerShape("1", "Linear", (4, 2)),
    ]


def test_a_layer_that_is_used_twice_is_listed_twice():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 4), relu)
    shapes = [entry.shape for entry in layer_shapes(model, torch.zeros(1, 2))]
    assert shapes == [(1, 3), (1, 3), (1, 4), (1, 4)]


def test_looking_at_shapes_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout())
    model[2].eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    layer_shapes(model, torch.rand(5, 2))
    assert all(torch.equal(state[name], v) for name, v in model.state_dict().items())
    assert (model.training, model[2].training) == (True, False)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_layer_that_fails_is_named_with_what_it_got():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(99, 2))
    with pytest.raises(RuntimeError, match="mat1 and mat2") as caught:
        layer_shapes(model, torch.zeros(1, 1, 8, 8))
    (note,) = caught.value.__notes__
    assert note.startswith("the layer '2', Linear(in_features=99")
    assert note.endswith("got (1, 144)")
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


# Mistakes


def test_mistakes_are_wrong_and_come_surest_first():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(100, 4, generator=generator)
    labels = torch.randint(4, (100,), generator=generator)
    mistakes = most_confident_mistakes(logits, labels, count=1000)
    assert len(mistakes) == (logits.argmax(dim=1) != labels).sum()
    for one in mistakes:
        assert one.predicted == logits[one.index].argmax() != one.label
        assert one.label == labels[one.index]
        sure = logits[one.index].softmax(dim=0).max()
        assert one.probability == pytest.approx(sure.item())
    sureness = [one.probability for one in mistakes]
    assert sureness == sorted(sureness, reverse=True)


def test_no_more_mistakes_than_asked_for_and_none_where_all_is_right():
    logits, labels = torch.eye(3), torch.arange(3)
    assert most_confident_mistakes(logits, labels) == []
    assert len(most_confident_mistakes(logits, labels.flip(0), count=1)) == 1


@pytest.mark.parametrize(("shape", "labels"), [((3,), 3), ((3, 1), 3), ((3, 2), 2)])
def test_mistakes_of_other_shapes_are_refused(shape, labels):
    with pytest.raises(ValueError, match=r"expected \(samples, classes\)"):
        most_confident_mistakes(torch.zeros(shape), torch.zeros(labels))


# Drawing


@pytest.mark.parametrize("shape", [(5, 1, 4, 6), (5, 3, 4, 6), (5, 4, 6)])
def test_every_picture_is_drawn_once(shape):
    figure = plot_images(torch.rand(shape), columns=3)
    drawn = [panel for panel in figure.axes if panel.images]
    assert len(figure.axes) == 6
    assert len(drawn) == 5
    assert drawn[0].images[0].get_array().shape[:2] == (4, 6)


def test_values_from_0_to_1_are_drawn_as_they_are():
    image = plot_images(torch.full((1, 1, 2, 2), 0.25)).axes[0].images[0]
    assert image.get_array().tolist() == [[0.25, 0.25], [0.25, 0.25]]
    assert image.get_clim() == (0, 1)


def test_other_values_are_scaled_together():
    figure = plot_images(torch.tensor([[[-1.0, 0.0]], [[1.0, 3.0]]]))
    drawn = [panel.images[0].get_array().tolist() for panel in figure.axes]
    assert drawn == [[[0.0, 0.25]], [[0.5, 1.0]]]


@pytest.mark.parametrize(
    ("images", "titles", "words"),
    [
        (torch.zeros(2, 2, 4, 4), None, r"images \(2, 2, 4, 4\): expected"),
        (torch.zeros(4, 4), None, r"unsqueeze\(0\)"),
        (torch.zeros(0, 1, 4, 4), None, "at least one picture"),
        (torch.zeros(2, 1, 4, 4), ["a"], "1 titles for 2 pictures"),
    ],
)
def test_what_is_no_picture_is_not_drawn(images, titles, words):
    with pytest.raises(ValueError, match=words):
        plot_images(images, titles)


def test_there_is_a_name_for_each_kind_of_clothes():
    assert len(set(FASHION_MNIST_CLASSES)) == 10
