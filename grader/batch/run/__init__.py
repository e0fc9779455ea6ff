"""Hand-ins to results: workers, retries, the cache, and what is scored anew."""
