"""Brushmark's plugin: everything between "a file was saved" and "a person decided"."""
