"""Speed, always as a ratio to a floor that is measured in the same run.

`python -m benchmarks` lists what there is. Nothing here is a test: a ratio is reported
beside its goal, and a slow machine fails nothing.
"""
