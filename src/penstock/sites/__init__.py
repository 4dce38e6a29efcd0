"""Where agents are placed. Each site is a pure manifest and a thin submit, and keeps `executors/site_port.py`."""
