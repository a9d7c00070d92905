"""The package's own data sets. `moco_bench.data` reads them; here stands what a plan needs to know."""

from typing import ClassVar, Literal

from moco_bench.components.datasets.base import Dataset


class FashionMnist5k(Dataset):
    """500 training and 100 test images of each class of Fashion-MNIST: 28x28, one channel. Ships with the package."""

    source: ClassVar[str] = "Xiao et al. 2017 (arXiv 1708.07747)"
    sizes: ClassVar[tuple[int, int] | None] = (5_000, 1_000)
    class_count: ClassVar[int | None] = 10
    name: Literal["fashion-mnist-5k"] = "fashion-mnist-5k"


class FashionScenes5k(Dataset):
    """The same images, each shrunk, set down somewhere and coloured at random: 32x32 RGB. Made here."""

    source: ClassVar[str] = "Xiao et al. 2017 (arXiv 1708.07747), with synthetic sizes, places and colours"
    sizes: ClassVar[tuple[int, int] | None] = (5_000, 1_000)
    class_count: ClassVar[int | None] = 10
    name: Literal["fashion-scenes-5k"] = "fashion-scenes-5k"


class FashionMnist(Dataset):
    """Fashion-MNIST: 28x28, one channel."""

    source: ClassVar[str] = "Xiao et al. 2017 (arXiv 1708.07747)"
    sizes: ClassVar[tuple[int, int] | None] = (60_000, 10_000)
    class_count: ClassVar[int | None] = 10
    name: Literal["fashion-mnist"] = "fashion-mnist"


class Cifar10(Dataset):
    """CIFAR-10: 32x32 RGB."""

    source: ClassVar[str] = "Krizhevsky 2009, Learning multiple layers of features from tiny images"
    sizes: ClassVar[tuple[int, int] | None] = (50_000, 10_000)
    class_count: ClassVar[int | None] = 10
    name: Literal["cifar10"] = "cifar10"


class Cifar100(Dataset):
    """CIFAR-100: 32x32 RGB."""

    source: ClassVar[str] = "Krizhevsky 2009, Learning multiple layers of features from tiny images"
    sizes: ClassVar[tuple[int, int] | None] = (50_000, 10_000)
    class_count: ClassVar[int | None] = 100
    name: Literal["cifar100"] = "cifar100"


class Digits(Dataset):
    """scikit-learn's handwritten digits: 8x8, one channel. For tests."""

    source: ClassVar[str] = "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits (UCI)"
    sizes: ClassVar[tuple[int, int] | None] = (1_438, 359)
    class_count: ClassVar[int | None] = 10
    name: Literal["digits"] = "digits"


class Npz(Dataset):
    """A user's arrays in one file of numpy."""

    name: Literal["npz"] = "npz"


class ImageFolder(Dataset):
    """A user's image files, in a folder for each split and class."""

    name: Literal["image-folder"] = "image-folder"
