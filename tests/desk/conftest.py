from tests.grader.batch.store.conftest import postgresql, url

__all__ = ["postgresql", "url"]
