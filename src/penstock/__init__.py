"""Penstock: machine learning as a flow."""
