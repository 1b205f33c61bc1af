from tests.support.fixtures import inboost  # noqa: F401
