import torch

from moco_bench.profile.parts import BACKWARD, OPTIMISER, _ObservedScaler


def test_a_watched_scaler_is_the_scaler_of_the_state():
    scaler, told = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=1), []
    weight = torch.nn.Parameter(torch.ones(2))
    optimiser = torch.optim.SGD([weight], lr=0.1)
    for _ in range(2):  # a step of the profile makes a new stand-in
        watched = _ObservedScaler(scaler, told.append)
        watched.scale(weight.sum()).backward()
        watched.step(optimiser)
        watched.update()
        optimiser.zero_grad()
    assert told == [BACKWARD, OPTIMISER] * 2
    assert scaler.get_scale() == 2.0**12
