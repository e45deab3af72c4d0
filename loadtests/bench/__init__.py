"""Benchmarks: ratios against bare references, measured side by side in one run on one machine."""
