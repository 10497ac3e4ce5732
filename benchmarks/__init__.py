"""Measurements of the whole program on real media. Each benchmark is a package with one command."""
