from . import inboost_benchmark_job
