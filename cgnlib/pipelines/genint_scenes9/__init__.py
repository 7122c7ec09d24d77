"""What the notebooks of GenInt on scenes9 and ImageNet call: train-or-load recipes."""
