"""Files as data: what is read, what is refused, what is never touched."""

import io
import os
import stat
import tarfile
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, Subset, TensorDataset

from dlguide import datasets
from dlguide.datasets import (
    Compose,
    ImageFolder,
    Normalize,
    RandomHorizontalFlip,
    RandomShift,
    Resize,
    extract_archive,
    find_classes,
    find_overlap,
    food_images,
    read_image,
    standardize,
    write_image_folder,
)

# Tables


def test_standardizing_agrees_with_scikit_learn_and_knows_only_the_training_part():
    generator = torch.Generator().manual_seed(0)
    train = 3 * torch.randn(50, 4, generator=generator) + 7
    test = torch.randn(20, 4, generator=generator)
    scaler = StandardScaler().fit(train.numpy())
    for part, ours in zip((train, test), standardize(train, test), strict=True):
        theirs = torch.from_numpy(scaler.transform(part.numpy()))
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_a_feature_that_never_changes_becomes_zero():
    (train,) = standardize(torch.tensor([[1.0, 5.0], [2.0, 5.0]]))
    assert train[:, 1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("train", "other", "words"),
    [
        (torch.zeros(3), torch.zeros(3), r"train is \(3,\)"),
        (torch.zeros(1, 2), torch.zeros(1, 2), "two samples or more"),
        (torch.zeros(3, 2).long(), torch.zeros(1, 2), r"use \.float\(\)"),
        (torch.full((3, 2), torch.nan), torch.zeros(1, 2), "missing values"),
        (torch.zeros(3, 2), torch.zeros(3, 4), "features differ"),
    ],
)
def test_a_table_that_cannot_be_standardized_is_refused(train, other, words):
    with pytest.raises(ValueError, match=words):
        standardize(train, other)


# Transforms


@pytest.mark.parametrize("size", [(8, 8), (5, 9), (40, 30)])
def test_resizing_is_interpolation_with_antialias(size):
    image = torch.rand(3, 20, 24, generator=torch.Generator().manual_seed(0))
    wanted = torch.nn.functional.interpolate(
        image[None], size=size, mode="bilinear", antialias=True
    )[0]
    assert torch.equal(Resize(size)(image), wanted)


def test_a_picture_that_has_the_size_stays_as_it_is():
    image = torch.rand(3, 7, 7)
    assert torch.allclose(Resize(7)(image), image)


def test_normalizing_gives_the_mean_and_spread_it_was_told():
    image = torch.rand(3, 50, 50)
    mean, std = image.mean(dim=(1, 2)).tolist(), image.std(dim=(1, 2)).tolist()
    normal = Normalize(mean, std)(image)
    assert torch.allclose(normal.mean(dim=(1, 2)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(normal.std(dim=(1, 2)), torch.ones(3), atol=1e-5)


def test_a_flip_swaps_left_and_right_as_often_as_it_is_told():
    image = torch.arange(6.0).reshape(1, 2, 3)
    torch.manual_seed(0)
    flip = RandomHorizontalFlip(0.3)
    flipped = sum(torch.equal(flip(image), image.flip(2)) for _ in range(1000))
    assert 250 < flipped < 350
    assert torch.equal(RandomHorizontalFlip(0)(image), image)


def test_a_shift_moves_and_fills_with_black():
    image = torch.zeros(1, 9, 9)
    image[0, 4, 4] = 1
    torch.manual_seed(0)
    places = {tuple(RandomShift(2)(image)[0].nonzero()[0].tolist()) for _ in range(300)}
    assert places == {(y, x) for y in range(2, 7) for x in range(2, 7)}
    assert torch.equal(RandomShift(0)(image), image)


def test_a_seed_repeats_random_transforms():
    image, both = torch.rand(3, 8, 8), Compose([RandomHorizontalFlip(), RandomShift(3)])
    torch.manual_seed(7)
    first = [both(image) for _ in range(5)]
    torch.manual_seed(7)
    assert all(torch.equal(both(image), one) for one in first)


class Transformed(torch.utils.data.Dataset):
    """Gives the same picture at every place, changed at random."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return RandomShift(4)(torch.eye(16)[None])


def test_workers_draw_different_numbers():
    torch.manual_seed(0)
    batches = list(DataLoader(Transformed(), batch_size=4, num_workers=2))
    assert not torch.equal(batches[0], batches[1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Resize(0), r"size is \(0, 0\)|size is 0"),
        (lambda: Normalize([0.5], [0.5, 0.5]), "one number for each channel"),
        (lambda: Normalize([0.5], [0.0]), "std above 0"),
        (lambda: RandomHorizontalFlip(1.5), r"p is 1\.5"),
        (lambda: RandomShift(-1), "pixels is -1"),
    ],
)
def test_a_transform_that_makes_no_sense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# Files that are pictures


def saved(path: Path, image: Image.Image, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


RED = (255, 0, 0)


@pytest.mark.parametrize(
    ("mode", "colour", "name", "wanted"),
    [
        ("RGB", RED, "a.png", (1, 0, 0)),
        ("RGB", RED, "a.bmp", (1, 0, 0)),
        ("RGB", RED, "a.gif", (1, 0, 0)),
        ("RGB", RED, "a.webp", (1, 0, 0)),
        ("RGB", RED, "a.JPG", (1, 0, 0)),
        ("L", 51, "a.png", (0.2, 0.2, 0.2)),
        ("1", 1, "a.png", (1, 1, 1)),
        ("CMYK", (0, 255, 255, 0), "a.jpg", (1, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "a.tiff", (1, 0, 0)),
        ("RGBA", (255, 0, 0, 255), "a.png", (1, 0, 0)),
        ("RGBA", (255, 0, 0, 0), "a.png", (1, 1, 1)),  # transparent: white ground
        ("LA", (0, 0), "a.png", (1, 1, 1)),
        ("I;16", 65535, "a.png", (1, 1, 1)),
        ("I;16", 256 * 51, "a.png", (0.2, 0.2, 0.2)),
    ],
)
def test_every_kind_of_picture_becomes_three_colours(
    tmp_path, mode, colour, name, wanted
):
    path = saved(tmp_path / name, Image.new(mode, (6, 4), colour))
    image = read_image(path)
    assert image.shape == (3, 4, 6)
    assert image.dtype == torch.float32
    tolerance = 0.02 if path.suffix.lower() in (".jpg", ".webp") else 1e-6
    mean = image.mean(dim=(1, 2))
    assert torch.allclose(mean, torch.tensor(wanted).float(), atol=tolerance)


def test_a_transparent_palette_shows_a_white_ground(tmp_path):
    image = Image.new("P", (2, 2), 0)
    image.putpalette([255, 0, 0] * 256)
    path = saved(tmp_path / "a.png", image, transparency=0)
    assert read_image(path).min() == 1


def test_a_photo_is_turned_as_its_camera_says(tmp_path):
    image = Image.new("RGB", (6, 4))
    image.putpixel((0, 0), RED)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    turned = read_image(saved(tmp_path / "a.png", image, exif=exif))
    assert turned.shape == (3, 6, 4)
    assert turned[0, 0, 3] == 1


def png_bytes() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg_bytes() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


BAD_PICTURES = {
    "empty.jpg": b"",
    "text.png": b"This is no picture.",
    "cut.png": png_bytes()[:1500],
    "cut.jpg": jpeg_bytes()[:-200],
    "head.jpg": jpeg_bytes()[:20],
    "flipped.png": png_bytes()[:600] + b"\0\0\0\0" + png_bytes()[604:],
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_picture_is_named_with_its_size(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BAD_PICTURES[name])
    with pytest.raises(ValueError, match="cannot be read as a picture") as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert f"({len(BAD_PICTURES[name])} bytes" in str(caught.value)


def test_a_brightness_without_a_range_is_refused(tmp_path):
    path = saved(tmp_path / "depth.tiff", Image.new("F", (2, 2), 0.5))
    with pytest.raises(ValueError, match="a float of unknown range"):
        read_image(path)


def test_a_picture_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.jpg"):
        read_image(tmp_path / "absent.jpg")


# Folders of pictures


def fill(root: Path, *names: str) -> Path:
    """Write a small picture at each name, each of another grey."""
    for number, name in enumerate(names):
        path = root / name
        saved(path, Image.new("L", (4, 4), 10 * number), format="PNG")
    return root


def names_of(folder: ImageFolder, root: Path) -> list[tuple[str, int]]:
    return [
        (Path(path).relative_to(root).as_posix(), label)
        for path, label in folder.samples
    ]


def test_a_folder_lists_its_pictures_in_a_stable_order_with_their_class(tmp_path):
    fill(tmp_path, "dog/2.png", "cat/10.png", "cat/9.png", "dog/1.jpg")
    folder = ImageFolder(tmp_path)
    assert folder.classes == ["cat", "dog"]
    assert folder.class_to_idx == {"cat": 0, "dog": 1}
    assert names_of(folder, tmp_path) == [
        ("cat/10.png", 0),
        ("cat/9.png", 0),
        ("dog/1.jpg", 1),
        ("dog/2.png", 1),
    ]
    assert folder.targets == [0, 0, 1, 1]
    assert len(folder) == 4


def test_folders_in_a_class_belong_to_it(tmp_path):
    fill(tmp_path, "cat/b.png", "cat/more/deep/a.png", "dog/a.png")
    assert [n for n, _ in names_of(ImageFolder(tmp_path), tmp_path)] == [
        "cat/b.png",
        "cat/more/deep/a.png",
        "dog/a.png",
    ]


def test_what_is_no_picture_does_not_count(tmp_path):
    fill(tmp_path, "cat/a.png", "cat/.b.png", "cat/.cache/c.png", ".git/d.png")
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    (tmp_path / "README.png").write_text("a file beside the classes")
    folder = ImageFolder(tmp_path)
    assert names_of(folder, tmp_path) == [("cat/a.png", 0)]


def test_names_may_be_of_any_language(tmp_path):
    fill(tmp_path, "größe/写真 1.PNG", "übung/пример.jpeg")
    folder = ImageFolder(tmp_path)
    assert sorted(folder.classes) == ["größe", "übung"]
    assert folder[0][0].shape == (3, 4, 4)


def test_a_link_is_followed_and_a_circle_of_links_ends(tmp_path):
    fill(tmp_path / "real", "a.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "again").symlink_to(tmp_path / "real")
    assert len(ImageFolder(tmp_path / "data")) == 1


def test_a_transform_is_applied_when_a_picture_is_asked_for(tmp_path):
    folder = ImageFolder(fill(tmp_path, "cat/a.png"), transform=Resize(2))
    image, label = folder[0]
    assert (image.shape, label) == ((3, 2, 2), 0)


def test_a_folder_serves_batches(tmp_path):
    fill(tmp_path, *[f"cat/{n}.png" for n in range(5)], "dog/a.png")
    batches = list(DataLoader(ImageFolder(tmp_path), batch_size=4))
    assert [tuple(images.shape) for images, _ in batches] == [
        (4, 3, 4, 4),
        (2, 3, 4, 4),
    ]
    assert batches[1][1].tolist() == [0, 1]


def test_a_class_without_a_picture_is_named(tmp_path):
    fill(tmp_path, "cat/a.png")
    (tmp_path / "dog").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no picture in .*dog: expected"):
        ImageFolder(tmp_path)


def test_a_folder_without_classes_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no subfolder in"):
        find_classes(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        find_classes(tmp_path / "absent")


def test_a_bad_picture_in_a_batch_is_named(tmp_path):
    fill(tmp_path, "cat/a.png")
    (tmp_path / "cat" / "b.png").write_bytes(BAD_PICTURES["cut.png"])
    with pytest.raises(ValueError, match=r"cat/b\.png cannot be read"):
        list(DataLoader(ImageFolder(tmp_path), batch_size=2))


# Generated pictures


def test_generated_pictures_lie_where_a_folder_of_pictures_has_them(tmp_path):
    names = ("a", "b", "c", "d", "e", "f")
    root = write_image_folder(
        tmp_path / "x", classes=names, train=3, test=2, size=20, seed=1
    )
    for part, count in (("train", 3), ("test", 2)):
        folder = ImageFolder(root / part)
        assert folder.classes == list(names)
        assert folder.targets == [n for n in range(6) for _ in range(count)]
        assert folder[0][0].shape == (3, 20, 20)
    assert stat.S_IMODE((root).stat().st_mode) == 0o755


def test_every_generated_picture_is_another_and_a_seed_repeats_them(tmp_path):
    def pictures(name: str, seed: int) -> list[bytes]:
        root = write_image_folder(tmp_path / name, train=5, test=5, size=16, seed=seed)
        return [path.read_bytes() for path in sorted(root.rglob("*.jpg"))]

    first = pictures("first", 1)
    assert len(set(first)) == 30
    assert first == pictures("again", 1)
    assert not set(first) & set(pictures("other", 2))


def test_what_is_there_already_is_not_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="nothing was changed"):
        write_image_folder(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_failure_leaves_no_half_folder(tmp_path, monkeypatch):
    drawn = []

    def fail_later(*arguments: object) -> Image.Image:
        drawn.append(1)
        if len(drawn) > 4:
            raise OSError("disk full")
        return Image.new("RGB", (16, 16))

    monkeypatch.setattr(datasets, "_draw_shape", fail_later)
    with pytest.raises(OSError, match="disk full"):
        write_image_folder(tmp_path / "shapes")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"train": 0}, "train 0, test 20, size 64"),
        ({"test": 0}, "1 or more pictures"),
        ({"size": 8}, "16 or more pixels"),
        ({"classes": []}, "1 to 6 different names"),
        ({"classes": list("abcdefg")}, "1 to 6 different names"),
        ({"classes": ["a", "a"]}, "1 to 6 different names"),
        ({"classes": ["a/b"]}, "that a folder may have"),
        ({"classes": [".."]}, "that a folder may have"),
        ({"classes": "circle"}, "that a folder may have"),
    ],
)
def test_pictures_that_cannot_be_generated_are_refused(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        write_image_folder(tmp_path / "x", **options)
    assert list(tmp_path.iterdir()) == []


# Overlap


def test_samples_that_two_parts_share_are_found_by_what_they_hold():
    data = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    whole = TensorDataset(data, torch.arange(20))
    assert find_overlap(Subset(whole, range(10)), Subset(whole, range(10, 20))) == []
    assert find_overlap(Subset(whole, [3, 4]), Subset(whole, [4, 9, 3])) == [
        (1, 0),
        (0, 2),
    ]
    assert find_overlap(data[:5], data[4:]) == [(4, 0)]
    labels = torch.arange(20)
    assert find_overlap((data[:5], labels[:5]), (data[4:], labels[4:])) == [(4, 0)]


def test_a_sample_that_comes_twice_is_reported_each_time():
    assert find_overlap(torch.tensor([1.0, 1.0]), torch.tensor([1.0])) == [
        (0, 0),
        (1, 0),
    ]


def test_equal_bytes_of_another_shape_or_type_are_no_overlap():
    zeros = torch.zeros(1, 4)
    assert find_overlap(zeros, torch.zeros(1, 2, 2)) == []
    assert find_overlap(zeros, torch.zeros(1, 4, dtype=torch.int32)) == []


def test_a_copied_file_is_found_under_another_name(tmp_path):
    root = write_image_folder(tmp_path / "x", train=3, test=2, size=16)
    copied = root / "test" / "square" / "zz.jpg"
    copied.write_bytes((root / "train" / "circle" / "1.jpg").read_bytes())
    train, test = ImageFolder(root / "train"), ImageFolder(root / "test")
    assert find_overlap(train, test) == [(1, 4)]


def test_samples_that_are_no_tensors_are_refused():
    with pytest.raises(TypeError, match="item 0 is a str"):
        find_overlap(["a"], torch.zeros(1))


# Archives


def zip_of(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def tar_of(path: Path, *members: tuple[str, bytes, bytes], mode: str = "w") -> Path:
    """Write a tar file of members `(name, kind, content or target)`."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = content.decode()
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def everything_in(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_gives_back_what_was_packed(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    if ending == "zip":
        zip_of(path, **{"x/1.txt": "one", "2.txt": "two"})
    else:
        _, _, packing = ending.partition(".")
        members = [("x", tarfile.DIRTYPE, b""), ("x/1.txt", tarfile.REGTYPE, b"one")]
        members += [("2.txt", tarfile.REGTYPE, b"two")]
        tar_of(path, *members, mode=f"w:{packing}")
    folder = extract_archive(path, tmp_path / "out")
    assert everything_in(folder) == {"x/1.txt": "one", "2.txt": "two"}


FILE = tarfile.REGTYPE
EVIL = {
    "up": ("../evil.txt", FILE, b"x"),
    "up inside": ("a/../../evil.txt", FILE, b"x"),
    "absolute": ("/tmp/evil.txt", FILE, b"x"),
    "windows": ("..\\evil.txt", FILE, b"x"),
    "drive": ("C:evil.txt", FILE, b"x"),
    "link": ("innocent", tarfile.SYMTYPE, b"/etc/passwd"),
    "hard link": ("innocent", tarfile.LNKTYPE, b"good.txt"),
    "device": ("innocent", tarfile.CHRTYPE, b""),
    "pipe": ("innocent", tarfile.FIFOTYPE, b""),
    "twice": ("good.txt", FILE, b"x"),
}


def assert_refused(archive: Path, words: str, **options) -> None:
    """Check that nothing of an archive stays, neither inside nor outside its folder."""
    place = archive.parent
    before = sorted(place.rglob("*"))
    with pytest.raises(ValueError, match=words) as caught:
        extract_archive(archive, place / "out", **options)
    assert str(caught.value).startswith(f"{archive} was not unpacked")
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("name", EVIL)
def test_a_tar_file_that_reaches_out_is_refused_whole(tmp_path, name):
    archive = tar_of(tmp_path / "a.tar", ("good.txt", FILE, b"good"), EVIL[name])
    words = "comes twice" if name == "twice" else "lead out of|is a link or a device"
    assert_refused(archive, words)


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a\\..\\..\\evil.txt"])
def test_a_zip_file_that_reaches_out_is_refused_whole(tmp_path, name):
    archive = zip_of(tmp_path / "a.zip", **{"good.txt": "good", name: "x"})
    assert_refused(archive, "lead out of")


def test_a_link_in_a_zip_file_is_refused(tmp_path):
    info = zipfile.ZipInfo("innocent")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert_refused(tmp_path / "a.zip", "is a link or a device")


def test_a_bomb_is_refused_by_what_comes_out_of_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.txt", b"\0" * 3_000_000)
    assert (tmp_path / "a.zip").stat().st_size < 10_000
    assert_refused(tmp_path / "a.zip", "more than 1000000 bytes", most_bytes=10**6)


def test_too_many_files_are_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", **{f"{n}.txt": "" for n in range(6)})
    assert_refused(archive, "more than 5 files", most_files=5)
    assert extract_archive(archive, tmp_path / "out", most_files=6)


@pytest.mark.parametrize("cut", [10, 60, -5])
def test_a_damaged_archive_is_refused(tmp_path, cut):
    whole = tar_of(
        tmp_path / "w.tar.gz", ("a.txt", FILE, os.urandom(3000)), mode="w:gz"
    )
    damaged = tmp_path / "a.tar.gz"
    damaged.write_bytes(whole.read_bytes()[:cut])
    whole.unlink()
    assert_refused(damaged, "download it again")


def test_a_zip_file_with_a_flipped_bit_is_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", **{"a.txt": "hello hello hello"})
    content = archive.read_bytes().replace(b"hello hello", b"hellO hello", 1)
    archive.write_bytes(content)
    assert_refused(archive, "Bad CRC-32")


def test_a_file_with_a_password_is_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", **{"a.txt": "secret"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1  # the flag "encrypted", in the file's head and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    assert_refused(archive, "password|encrypted")


def test_an_archive_never_touches_what_is_there(tmp_path):
    archive = zip_of(tmp_path / "a.zip", **{"a.txt": "new"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="nothing was changed"):
        extract_archive(archive, tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "mine"


def test_an_archive_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="no archive at"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")


# Photos of food


@pytest.fixture
def food_server(tmp_path, monkeypatch):
    """Serve an archive like the published one from this machine; return its folder."""
    published = tmp_path / "published"
    published.mkdir()
    handler = partial(QuietHandler, directory=str(published))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}/food.zip"
    monkeypatch.setattr(datasets, "_FOOD_URL", address)
    monkeypatch.setattr(datasets, "_FOOD_PICTURES", {"train": 3, "test": 3})
    monkeypatch.delenv("DLGUIDE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield published
    server.shutdown()
    server.server_close()
    thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def publish(published: Path, *names: str) -> None:
    root = fill(published / "food", *names)
    with zipfile.ZipFile(published / "food.zip", "w") as archive:
        for path in sorted(root.rglob("*.jpg")):
            archive.write(path, path.relative_to(root))


FOOD = [
    f"{p}/{c}/1.jpg" for p in ("train", "test") for c in ("pizza", "steak", "sushi")
]


def test_photos_are_downloaded_once_and_kept(food_server, tmp_path):
    publish(food_server, *FOOD)
    folder = food_images()
    (food_server / "food.zip").unlink()
    assert food_images() == folder
    assert ImageFolder(folder / "train").classes == ["pizza", "steak", "sushi"]


def test_a_download_of_something_else_is_not_kept(food_server, tmp_path):
    publish(food_server, *FOOD[:-1])
    with pytest.raises((ValueError, FileNotFoundError)):
        food_images()
    assert list((tmp_path / "cache" / "dlguide").iterdir()) == []


def test_a_failed_download_says_what_to_do(food_server, tmp_path):
    with pytest.raises(ConnectionError, match=r"name a folder that has the photos"):
        food_images()
    assert list((tmp_path / "cache" / "dlguide").iterdir()) == []


def test_photos_at_hand_are_used(tmp_path, monkeypatch):
    names = [f"food/{name}/1.jpg" for name in ("pizza", "steak", "sushi")]
    fill(tmp_path, *names)
    monkeypatch.setenv("DLGUIDE_DATA", str(tmp_path))
    assert food_images() == tmp_path / "food"


def test_a_folder_without_the_three_classes_is_refused(tmp_path):
    fill(tmp_path, "pizza/1.jpg", "ramen/1.jpg")
    with pytest.raises(FileNotFoundError, match="lacks steak, sushi"):
        food_images(tmp_path)


@pytest.mark.skipif(
    not (Path(os.environ.get("DLGUIDE_DATA", "/nowhere")) / "food").is_dir(),
    reason="the variable DLGUIDE_DATA names no folder with photos of food",
)
def test_real_photos_become_tensors_of_one_size():
    folder = ImageFolder(food_images(), transform=Resize(64))
    assert len(folder) > 30
    shapes = {folder[index][0].shape for index in range(len(folder))}
    assert shapes == {torch.Size([3, 64, 64])}
