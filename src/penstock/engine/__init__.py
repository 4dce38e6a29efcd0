"""Decides what runs when. `machine` is pure; `driver` performs; `ports` is what the two need of the world."""
