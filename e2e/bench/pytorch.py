"""Value and gradient of half the mean square of a layer with PyTorch, one thread, for pytorch.mjs.

Says "ready", then a time in milliseconds for each line that it is given. Weights are random: they do not change the work.
"""
import sys
import time

import torch
import torchvision

NETWORKS = {
    # relu4_3, as the bench of gradients has it.
    "vgg16": lambda: torchvision.models.vgg16().features[:23],
    "densenet121": lambda: torchvision.models.densenet121(),
    "alexnet": lambda: torchvision.models.alexnet(),
    "resnet18": lambda: torchvision.models.resnet18(),
}

torch.set_num_threads(1)
# Random weights make derivatives so small that arithmetic with them would be slow.
torch.set_flush_denormal(True)
network = NETWORKS[sys.argv[1]]().eval()
for weights in network.parameters():
    weights.requires_grad_(False)
image = torch.randn(1, 3, 224, 224, requires_grad=True)


def step():
    image.grad = None
    value = network(image).square().mean() / 2
    value.backward()
    return image.grad


step()
print("ready", torch.__version__, flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    step()
    print(1000 * (time.perf_counter() - began), flush=True)
