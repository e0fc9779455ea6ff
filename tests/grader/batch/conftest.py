"""A real Dask cluster on loopback."""

from tests.dask_cluster import dask

__all__ = ["dask"]
