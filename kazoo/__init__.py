"""The Django project: settings and wiring only, no features."""

__version__ = "0.1.0"
