"""Brushmark's detector: pictures in, calibrated probabilities out. Knows nothing of Django.

Start at :mod:`ml.pipeline`: it tells the story in one screen. Serving needs Pillow, NumPy and LiteRT;
TensorFlow is imported by :mod:`ml.training` and :mod:`ml.export` alone, and only when they run.
"""
