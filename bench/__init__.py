"""The benchmark: `python -m bench [CASE ...]`. Each case measures Penstock beside a floor of the same run.

Figures are judged by their ratio to the floor, so that they mean something on a busy machine too. Nothing here is part
of a test but that the cases run: `python -m bench --quick`.
"""
