#!/usr/bin/env python3
"""Computes streams.txt: the values that the random streams of nn-data must give for ever.

Written from the published descriptions alone (SplitMix64 and xoshiro256++ by Blackman and Vigna,
bounded numbers by Lemire, the shuffle by Fisher and Yates), so that it can disagree with the crate.

    python3 streams.py > streams.txt
"""

MASK = (1 << 64) - 1
EPOCH_ORDER, SPLIT, SAMPLE = 1, 2, 3


def split_mix_next(state):
    """SplitMix64: the next state and the output."""
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


def rotate_left(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


class Xoshiro256PlusPlus:
    def __init__(self, seed):
        self.state = []
        for _ in range(4):
            seed, word = split_mix_next(seed)
            self.state.append(word)

    def next(self):
        s = self.state
        result = (rotate_left((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate_left(s[3], 45)
        return result

    def below(self, bound):
        """Lemire's method: the high half of a product, where the low half is not among the surplus."""
        while True:
            product = self.next() * bound
            if product & MASK >= (1 << 64) % bound:
                return product >> 64


def generator(purpose, seed, index):
    mix = lambda x: split_mix_next(x)[1]
    return Xoshiro256PlusPlus(mix(mix(mix(purpose) ^ seed) ^ index))


def shuffled(items, purpose, seed, index):
    items = list(items)
    random = generator(purpose, seed, index)
    for last in range(len(items) - 1, 0, -1):
        chosen = random.below(last + 1)
        items[last], items[chosen] = items[chosen], items[last]
    return items


def fnv1a(numbers):
    """FNV-1a, 64 bits, over the numbers as little-endian 32-bit words."""
    h = 0xCBF29CE484222325
    for number in numbers:
        for byte in number.to_bytes(4, "little"):
            h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def label(sample):
    """Labels of the data set that is split and sampled: 3 classes, 200 samples, uneven."""
    return [0, 1, 0, 2, 0, 1, 0][sample % 7]


def validation(fraction, seed):
    groups = [[s for s in range(200) if label(s) == c] for c in range(3)]
    total = round(200 * fraction)
    shares = [total * len(g) // 200 for g in groups]
    rest = sorted(range(3), key=lambda c: (-(total * len(groups[c]) % 200), c))
    for c in rest[: total - sum(shares)]:
        shares[c] += 1
    return sorted(s for c in range(3) for s in shuffled(groups[c], SPLIT, seed, c)[: shares[c]])


def sample(per_class, seed):
    groups = [[s for s in range(200) if label(s) == c] for c in range(3)]
    return sorted(s for c in range(3) for s in shuffled(groups[c], SAMPLE, seed, c)[:per_class])


def line(kind, arguments, numbers):
    print(kind, *arguments, "=", *numbers)


for seed, epoch, count in [(0, 0, 1), (0, 0, 10), (0, 1, 10), (1, 0, 10), (42, 7, 16), (MASK, MASK, 12)]:
    line("order", (seed, epoch, count), shuffled(range(count), EPOCH_ORDER, seed, epoch))
for seed, epoch, count in [(0, 0, 60000), (42, 1, 60000), (42, 2, 1001)]:
    line("order-fnv1a", (seed, epoch, count), [fnv1a(shuffled(range(count), EPOCH_ORDER, seed, epoch))])
for percent, seed in [(10, 0), (10, 1), (25, 42)]:
    line("validation", (percent, seed), validation(percent / 100, seed))
for per_class, seed in [(5, 0), (5, 1), (28, 42)]:
    line("sample", (per_class, seed), sample(per_class, seed))
