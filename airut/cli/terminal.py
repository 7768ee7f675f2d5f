"""Texts of agents and of strangers on a terminal."""

from airut.models.values.visible import clean

__all__ = ["clean"]
