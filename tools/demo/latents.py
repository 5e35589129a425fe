"""All portraits of training as latents of the finished autoencoder."""
import numpy as np

import autoencoder
import data


def train(options, log):
    net, portraits = autoencoder.load(options), data.load(options.cache, "portraits")
    partial = data.path(options.cache, "latents.partial")
    out = np.lib.format.open_memmap(partial, "w+", np.float16, (len(portraits), 4, 28, 20))
    for i in range(0, len(portraits), 16):
        out[i : i + 16] = autoencoder.latents(net, portraits[i : i + 16]).cpu().numpy()
        if i % 4000 == 0:
            log(f"latents: {i} of {len(portraits)}")
    out.flush()
    z = np.asarray(out[:4000], np.float32)
    log(f"latents: mean {z.mean((0, 2, 3)).round(3)}, deviation {z.std((0, 2, 3)).round(3)}")
    partial.rename(data.path(options.cache, "latents"))
