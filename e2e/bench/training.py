# A step of training in PyTorch, forward and backward with respect to all weights, one thread: prints a version, then the
# milliseconds of one step for every line that it reads. Weights do not change.
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(1)


def conv(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3), nn.ReLU()]


def pool():
    return [nn.MaxPool2d(2)]


NETWORKS = {
    "digits": (
        (1, 28, 28),
        conv(1, 32) + pool() + conv(32, 64) + pool() + [nn.Flatten(), nn.Linear(1600, 10)],
    ),
    "bonaccorso": (
        (3, 32, 32),
        conv(3, 32)
        + conv(32, 64)
        + pool()
        + conv(64, 128)
        + pool()
        + conv(128, 128)
        + pool()
        + [nn.Flatten(), nn.Linear(512, 1024), nn.ReLU(), nn.Linear(1024, 10)],
    ),
}

shape, layers = NETWORKS[sys.argv[1]]
batch = int(sys.argv[2])
network = nn.Sequential(*layers)
x = torch.randn(batch, *shape)
t = torch.randint(10, (batch,))


def step():
    network.zero_grad()
    nn.functional.cross_entropy(network(x), t).backward()


step()
print("torch", torch.__version__, flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    step()
    print(1000 * (time.perf_counter() - began), flush=True)
