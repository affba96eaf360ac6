"""Provisional."""


def start(*a, **k): ...
