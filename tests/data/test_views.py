import dataclasses
import hashlib
import itertools
import math

import numpy as np
import pytest
import torch
from scipy.stats import binomtest, chisquare, ks_2samp
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from benchmarks.launches import LaunchCounter
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.blur import kernel_size
from moco_bench.data.colour import OPERATIONS
from moco_bench.data.views import RecipeViews, ViewParameters, normalise, solarize

MEAN, STD = {1: (0.3,), 3: (0.49, 0.48, 0.45)}, {1: (0.35,), 3: (0.25, 0.24, 0.26)}
EVERYTHING = MocoRecipe(jitter_probability=0.7, grayscale=0.3, blur=0.5, solarize=0.4)
NOTHING = MocoRecipe(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0, jitter_probability=0, grayscale=0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def photographs(count, channels=3, side=32):
    """Smooth random images, uint8."""
    coarse = torch.rand(count, channels, 5, 5, generator=generator(3))
    return (functional.resize(coarse, [side, side]) * 255).to(torch.uint8)


def augmentation(config, channels=3):
    return RecipeViews(config, MEAN[channels], STD[channels])


def one(parameters, index):
    """The parameters of one sample, as a batch of one."""
    return ViewParameters(
        **{f.name: getattr(parameters, f.name)[index : index + 1] for f in dataclasses.fields(parameters)}
    )


def by_torchvision(image, parameters, index, channels):
    """One view with torchvision's functionals, in float32."""
    view = functional.resized_crop(image / 255, *parameters.boxes[index].tolist(), list(image.shape[1:]))
    view = functional.hflip(view) if parameters.flip[index] else view
    for operation in parameters.order[index].tolist() if parameters.jitter[index] else ():
        adjust = getattr(functional, f"adjust_{OPERATIONS[operation]}")
        view = adjust(view, parameters.factors[index, operation].item())
    if parameters.grayscale[index]:
        view = functional.rgb_to_grayscale(view, num_output_channels=channels)
    if parameters.blur[index]:
        view = functional.gaussian_blur(view, [kernel_size(image.shape[1])] * 2, [parameters.sigma[index].item()])
    if parameters.solarize[index]:
        view = functional.solarize(view, threshold=128 / 255)
    return functional.normalize(view, MEAN[channels], STD[channels])


@pytest.mark.parametrize("channels", [1, 3])
def test_views_equal_torchvisions_for_the_same_parameters(channels):
    images = photographs(120, channels)
    augment = augmentation(EVERYTHING, channels)
    parameters = augment.draw(120, 32, 32, generator())
    found = augment.apply(images, parameters)
    expected = torch.stack([by_torchvision(x, parameters, i, channels) for i, x in enumerate(images)])
    close = (found - expected).abs() < 5e-4  # In units of the standard deviation.
    # A pixel that rounding puts on the other side of solarize's threshold comes out inverted.
    assert close.float().mean() > 0.9999
    unsolarized = ~parameters.solarize
    assert bool(close[unsolarized].all())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_samples_view_does_not_depend_on_its_batch(channels):
    images = photographs(40, channels)
    augment = augmentation(EVERYTHING, channels)
    parameters = augment.draw(40, 32, 32, generator())
    together = augment.apply(images, parameters)
    alone = torch.cat([augment.apply(images[i : i + 1], one(parameters, i)) for i in range(40)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


def test_two_draws_give_two_different_views():
    augment, stream, images = augmentation(MocoRecipe()), generator(), photographs(64)
    first, second = (augment.apply(images, augment.draw(64, 32, 32, stream)) for _ in range(2))
    assert float((first - second).abs().mean(dim=(1, 2, 3)).min()) > 1e-3


def test_without_any_transform_a_view_is_the_normalised_image():
    images = photographs(8)
    augment = augmentation(NOTHING)
    view = augment.apply(images, augment.draw(8, 32, 32, generator()))
    torch.testing.assert_close(view, normalise(images, MEAN[3], STD[3]), atol=1e-5, rtol=0)
    assert view.dtype == torch.float32


def test_normalise_equals_torchvision_and_leaves_its_input():
    images = photographs(4)
    before = images.clone()
    expected = functional.normalize(images / 255, MEAN[3], STD[3])
    torch.testing.assert_close(normalise(images, MEAN[3], STD[3]), expected, atol=1e-6, rtol=1e-5)
    assert torch.equal(images, before)


def test_apply_leaves_the_images_as_they_are():
    images = photographs(16)
    before = images.clone()
    augment = augmentation(EVERYTHING)
    augment.apply(images, augment.draw(16, 32, 32, generator()))
    assert torch.equal(images, before)


def test_solarize_equals_torchvision_on_every_level():
    levels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    torch.testing.assert_close(
        solarize(levels / 255) * 255, functional.solarize(levels, 128).float(), atol=1e-4, rtol=0
    )


def test_colour_means_nothing_to_one_channel():
    images = photographs(32, channels=1)
    only_colour = NOTHING.model_copy(
        update={"jitter_probability": 1.0, "brightness": 0.0, "contrast": 0.0, "grayscale": 1.0}
    )
    augment = augmentation(only_colour, channels=1)
    view = augment.apply(images, augment.draw(32, 32, 32, generator()))
    torch.testing.assert_close(view, normalise(images, MEAN[1], STD[1]), atol=1e-5, rtol=0)


def test_jitter_factors_and_orders_are_distributed_as_torchvisions():
    count = 6000
    config = MocoRecipe(brightness=0.4, contrast=0.7, saturation=0.2, hue=0.1)
    ours = augmentation(config).draw(count, 32, 32, generator())
    transform = v2.ColorJitter(0.4, 0.7, 0.2, 0.1)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        theirs = [transform.make_params([]) for _ in range(count)]
    for column, name in enumerate(OPERATIONS):
        drawn = [draw[f"{name}_factor"] for draw in theirs]
        assert ks_2samp(ours.factors[:, column].numpy(), drawn, method="asymp").pvalue > 1e-3, name
    permutations = list(itertools.permutations(range(4)))
    for orders in (ours.order.tolist(), [draw["fn_idx"].tolist() for draw in theirs]):
        counts = np.bincount([permutations.index(tuple(order)) for order in orders], minlength=24)
        assert chisquare(counts).pvalue > 1e-3


def test_blur_is_distributed_as_torchvisions():
    ours = augmentation(EVERYTHING).draw(4000, 32, 32, generator())
    transform = v2.GaussianBlur(3, sigma=(0.1, 2.0))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        theirs = [transform.make_params([])["sigma"][0] for _ in range(4000)]
    assert ks_2samp(ours.sigma.numpy(), theirs, method="asymp").pvalue > 1e-3


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("name", ["flip", "jitter", "grayscale", "blur", "solarize"])
def test_transforms_happen_as_often_as_asked(name, probability):
    key = "jitter_probability" if name == "jitter" else name
    parameters = augmentation(MocoRecipe(**{key: probability})).draw(4000, 32, 32, generator())
    happened = int(getattr(parameters, name).sum())
    assert binomtest(happened, 4000, probability).pvalue > 1e-3


def test_transforms_of_a_sample_and_of_neighbours_are_independent():
    parameters = augmentation(EVERYTHING).draw(4000, 32, 32, generator())
    columns = [parameters.flip, parameters.jitter, parameters.grayscale, parameters.blur, parameters.solarize]
    columns += [*parameters.factors.unbind(1), parameters.sigma, parameters.boxes[:, 1], parameters.order[:, 0]]
    values = torch.stack([column.double() for column in columns])
    bound = 4.5 / math.sqrt(4000)
    within = torch.corrcoef(values) - torch.eye(len(values))
    assert float(within.abs().max()) < bound
    between = torch.corrcoef(torch.cat([values[:, :-1], values[:, 1:]]))[: len(values), len(values) :]
    assert float(between.abs().max()) < bound


def test_the_same_generator_gives_the_same_parameters_whatever_torchs_own_does():
    augment = augmentation(MocoRecipe())
    before = torch.random.get_rng_state()
    first = augment.draw(64, 32, 32, generator(5))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(3)
    second = augment.draw(64, 32, 32, generator(5))
    assert digest(first) == digest(second)
    assert digest(first) != digest(augment.draw(64, 32, 32, generator(6)))


def test_the_stream_goes_on_alike_under_every_configuration():
    streams = []
    for config in (NOTHING, EVERYTHING):
        stream = generator()
        augmentation(config).draw(50, 32, 32, stream)
        streams.append(stream.get_state())
    assert torch.equal(*streams)


def digest(parameters):
    hasher = hashlib.sha256()
    parameters.digest(hasher)
    return hasher.hexdigest()


def test_the_digest_sees_every_parameter_of_every_sample():
    parameters = augmentation(EVERYTHING).draw(6, 32, 32, generator())
    seen = {digest(parameters)}
    for field in dataclasses.fields(parameters):
        changed = getattr(parameters, field.name).clone()
        changed[-1] = ~changed[-1] if changed.dtype == torch.bool else changed[-1] + 1
        seen.add(digest(dataclasses.replace(parameters, **{field.name: changed})))
    assert len(seen) == 1 + len(dataclasses.fields(parameters))


def test_two_views_at_once_are_those_of_two_draws():
    images, stream, augment = photographs(24), generator(), augmentation(EVERYTHING)
    drawn = [augment.draw(24, 32, 32, stream) for _ in range(2)]
    together = augment.apply(images, ViewParameters.joined(drawn))
    apart = torch.cat([augment.apply(images, parameters) for parameters in drawn])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=0)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_a_batch_in_pieces_is_the_whole_batch(monkeypatch, memory_format):
    images, augment = photographs(40), augmentation(EVERYTHING)
    parameters = augment.draw(80, 32, 32, generator())
    whole = augment.apply(images, parameters, memory_format)
    monkeypatch.setattr("moco_bench.data.views.PIECE", 3 * 32 * 32 * 7)
    pieces = augment.apply(images, parameters, memory_format)
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=0)
    assert pieces.is_contiguous(memory_format=memory_format)
    assert whole.is_contiguous(memory_format=memory_format)


def test_a_view_costs_at_most_60_operators_and_never_looks_at_a_tensor():
    # Each operator is a launch on a GPU; to read a value of a tensor there is to wait for all that came before.
    images, augment, stream = photographs(64), augmentation(MocoRecipe()), generator()
    with LaunchCounter().counting() as seen:
        drawn = [augment.draw(64, 32, 32, stream) for _ in range(2)]
        views = augment.apply(images, ViewParameters.joined(drawn), torch.channels_last)
    assert len(views) == 128
    assert seen.launches() / 2 <= 60
    assert seen.waits == {}


def test_views_are_made_without_a_value_of_a_tensor_being_known():
    # A tensor of the device "meta" has a shape and no values: whoever asks for one fails.
    images, augment = photographs(8), augmentation(EVERYTHING)
    made = augment.apply(images.to("meta"), augment.draw(16, 32, 32, generator()))
    assert made.shape == (16, 3, 32, 32)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_views_are_the_same_on_a_gpu():
    images = photographs(64)
    augment = augmentation(EVERYTHING)
    parameters = augment.draw(64, 32, 32, generator())
    on_cpu, on_gpu = augment.apply(images, parameters), augment.apply(images.cuda(), parameters).cpu()
    assert float(((on_cpu - on_gpu).abs() < 1e-3).float().mean()) > 0.9999
